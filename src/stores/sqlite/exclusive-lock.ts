import { DatabaseSync } from "node:sqlite";
import { ensurePrivateFile } from "../private-file.ts";

const WAIT_MS = 5_000;

/**
 * Runs `change` while no other process runs one under the same path. The lock is SQLite's own on an
 * empty database: the system lets go of it when its holder dies, which no lock file with a pid in
 * it can promise. Throws after waiting five seconds.
 */
export function underExclusiveLock<T>(path: string, change: () => T): T {
  ensurePrivateFile(path);
  const lock = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return change();
  } finally {
    lock.close();
  }
}
