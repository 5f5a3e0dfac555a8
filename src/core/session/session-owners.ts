/**
 * Whose the sessions of MCP servers are: an id is all that such a session asks for, and it may leak.
 * Never rejects; a promise only where replicas share them.
 */
export interface SessionOwnerStore {
  /** A server has just opened this session for its owner, whoever had one of that name before. */
  open(session: string, owner: string): void;
  /** Whose it is; who asks first, where it was not opened through here. Undefined: nobody can tell. */
  claim(session: string, owner: string): string | undefined | Promise<string | undefined>;
  forget(session: string): void;
}
