import type { AgentId, SessionId, TenantId } from "./units.ts";

/** What a client says of itself. It proves nothing and grants nothing. */
export interface Claims {
  readonly user: string | undefined;
  readonly run: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export const NO_CLAIMS: Claims = Object.freeze({
  user: undefined,
  run: undefined,
  tags: Object.freeze({}),
});

/** Who is asking, after proof. There is no unauthenticated Principal; that is a Refusal. */
export interface Principal {
  readonly agent: AgentId;
  readonly tenant: TenantId;
  /** Correlates one run of the agent; chosen by the client, so it grants nothing. */
  readonly session: SessionId;
  readonly team: string | undefined;
  /** On whose behalf: the operator's word where the agent is listed with one, else the client's. */
  readonly user: string | undefined;
  /** One task of the agent; chosen by the client like the session. */
  readonly run: string | undefined;
  /** By name: the operator's, then the client's where those names are accepted. */
  readonly tags: Readonly<Record<string, string>>;
  readonly provenBy: "api_key" | "loopback";
}
