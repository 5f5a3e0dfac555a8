/** Whose the sessions of MCP servers are: an id is all that such a session asks for, and it may leak. */
export interface SessionOwnerStore {
  /** The owner of the session; the first to claim it. Undefined where that cannot be told now. */
  claim(session: string, owner: string): string | undefined;
  forget(session: string): void;
}
