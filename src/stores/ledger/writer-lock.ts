import { DatabaseSync } from "node:sqlite";
import { ensurePrivateFile } from "../private-file.ts";
import { isBusy } from "../sqlite/is-busy.ts";

/** Proof that no other process or thread writes this chain. */
export interface WriterLock {
  release(): void;
}

/**
 * Takes a lock that the operating system drops when its holder dies, however it dies: no process
 * id to mistake for another's, also across containers that share a volume. Node has no file locks
 * of its own; SQLite's, on an empty database, are the kernel's. Undefined: someone else lives.
 */
export function lockWriter(path: string): WriterLock | undefined {
  ensurePrivateFile(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode=OFF; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
