import { sqliteCodeOf } from "../../lib/sqlite-code.ts";

const SQLITE_BUSY = 5;

/** Another process or thread holds the lock; nothing was done. */
export function isBusy(error: unknown): boolean {
  return sqliteCodeOf(error) === SQLITE_BUSY;
}
