/** Whose the sessions of MCP servers are: an id is all that such a session asks for, and it may leak. */
export interface SessionOwnerStore {
  /** A server has just opened this session for its owner, whoever had one of that name before. */
  open(session: string, owner: string): void;
  /** Undefined: nobody's, or that cannot be told now. */
  ownerOf(session: string): string | undefined;
  forget(session: string): void;
}
