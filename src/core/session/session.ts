import type { Principal } from "../principal.ts";

/** What of a principal names its session. */
export type SessionName = Pick<Principal, "tenant" | "agent" | "session">;

/** Information-flow marks of agent sessions. A session's marks only grow until a person clears them. */
export interface SessionStore {
  /** Asked for on every exchange: a promise only where replicas share them. */
  marks(session: SessionName): readonly string[] | Promise<readonly string[]>;
  /**
   * In force at once. Where the store refuses this process alone knows of it: it throws, or tells
   * the store again until that has it. A promise only where replicas share them: it never rejects,
   * and is settled once they all see the marks, or the store cannot be told now.
   */
  mark(principal: Principal, marks: readonly string[]): Promise<void> | void;
  /** Takes all of them off, at every replica, and answers with what they were. Throws or rejects as `marks`. */
  clear(session: SessionName): readonly string[] | Promise<readonly string[]>;
}
