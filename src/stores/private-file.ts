import { closeSync, existsSync, openSync } from "node:fs";

const OWNER_ONLY = 0o600;
/** What SQLite calls a database without a file. */
const IN_MEMORY = ":memory:";

/**
 * Makes the file if there is none, for its owner alone: a volume's root is often open to a group.
 * SQLite gives its journals the rights of their database. One that is there keeps what it has.
 */
export function ensurePrivateFile(path: string): void {
  if (path === IN_MEMORY || existsSync(path)) return;
  closeSync(openSync(path, "a", OWNER_ONLY));
}
