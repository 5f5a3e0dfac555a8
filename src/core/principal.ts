import type { AgentSession } from "./identity/agent-session.ts";
import type { Clearance } from "./identity/directory-entry.ts";
import type { AgentId, SessionId, TenantId } from "./units.ts";

export const PROOFS = ["api_key", "token", "certificate", "loopback", "gate"] as const;

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
  /** Correlates one run of the agent. Chosen by the client, it grants nothing; see `granted`. */
  readonly session: SessionId;
  readonly team: string | undefined;
  /** On whose behalf: the operator's word where the agent is listed with one, else the client's. */
  readonly user: string | undefined;
  /** One task of the agent; chosen by the client like the session. */
  readonly run: string | undefined;
  /** By name: the operator's, then the client's where those names are accepted. */
  readonly tags: Readonly<Record<string, string>>;
  readonly provenBy: (typeof PROOFS)[number];
  /** What secrets and tools may ask for; absent counts as 1. */
  readonly clearance?: Clearance;
  /** The session made beforehand under which this runs: it narrows what policy allows. */
  readonly granted?: AgentSession | undefined;
}
