import type { AgentId, SessionId, TenantId } from "./units.ts";

/** Who is asking, after proof. There is no unauthenticated Principal; that is a Refusal. */
export interface Principal {
  readonly agent: AgentId;
  readonly tenant: TenantId;
  /** Correlates one run of the agent; chosen by the client, so it grants nothing. */
  readonly session: SessionId;
  readonly team: string | undefined;
  readonly provenBy: "api_key" | "loopback";
}
