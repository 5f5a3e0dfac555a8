import type { Principal } from "../principal.ts";

/** What of a principal names its session. */
export type SessionName = Pick<Principal, "tenant" | "agent" | "session">;

/** Information-flow marks of agent sessions. A session's marks only grow until it is forgotten. */
export interface SessionStore {
  /** Synchronous on purpose: the pipeline asks on every exchange. */
  marks(session: SessionName): readonly string[];
  /** In force at once. Throws where the store refuses: then this process alone knows of it. */
  mark(principal: Principal, marks: readonly string[]): void;
}
