/** What the management listener tells; app supplies it. */
export interface Vitals {
  checks(): Promise<readonly Check[]>;
  status(): Promise<Status>;
  /** Prometheus text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** An answer that could not be made: a bug, or a store that is away. The client is told no more. */
  failed(error: unknown): void;
}

/** One thing that must hold for the sidecar to take traffic. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong and what to do, for a person; never a secret. */
  readonly detail: string;
}

/** `/core/v1/status`. Keys are the wire's. */
export interface Status {
  readonly version: string;
  readonly started_at: string;
  readonly ready: boolean;
  readonly listen: string;
  readonly policy: {
    readonly digest: string;
    readonly rules: number;
    readonly problems: readonly string[];
  };
  readonly ledger: { readonly healthy: boolean };
  readonly upstreams: readonly UpstreamStatus[];
}

export interface UpstreamStatus {
  readonly name: string;
  readonly wire: string;
  readonly origin: string;
  readonly exchanges: Readonly<Record<string, number>>;
  readonly findings: Readonly<Record<string, number>>;
  /** Exact to the nano-dollar: `0.000450000`. */
  readonly cost_usd: string;
}
