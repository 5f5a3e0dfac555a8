import { DatabaseSync } from "node:sqlite";
import { ensurePrivateFile } from "../private-file.ts";
import { inTransaction } from "./in-transaction.ts";
import { isBusy } from "./is-busy.ts";
import { NewerDatabase } from "./newer-database.ts";

/** While a start migrates, another may do the same. */
const MIGRATION_TIMEOUT_MS = 2000;
/** SQLite's own size. */
const PAGE_BYTES = 4096;
const WAL_PAUSE_MS = 5;
const WAL_TRIES_MAX = MIGRATION_TIMEOUT_MS / WAL_PAUSE_MS;
/** Nobody wakes it: a wait on it is a pause of this thread, at start. */
const CLOCK = new Int32Array(new SharedArrayBuffer(4));

/**
 * How long a statement waits for another process's lock, on the event loop: locks are held for
 * microseconds, and whoever holds one for longer must not stop the gate.
 */
export const BUSY_TIMEOUT_MS = 25;

/**
 * Opens (or creates) the embedded store. WAL with `synchronous=NORMAL`: a crash of the process
 * loses nothing, a crash of the machine may lose the last transactions, which the ledger has.
 * `migrations[i]` moves `user_version` from i to i+1; each runs once, in a transaction. `pageBytes`
 * counts where the file is made now: SQLite writes whole pages. Throws NewerDatabase where more
 * migrations have run than are known here.
 */
export function openDatabase(
  path: string,
  migrations: readonly string[],
  pageBytes = PAGE_BYTES,
): DatabaseSync {
  ensurePrivateFile(path);
  try {
    return opened(path, migrations, pageBytes);
  } catch (error) {
    // As a file system's error says it; SQLite's says nothing of the file.
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

function opened(path: string, migrations: readonly string[], pageBytes: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: MIGRATION_TIMEOUT_MS });
  try {
    database.exec(`PRAGMA page_size=${pageBytes}`);
    useWal(database);
    database.exec("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;");
    migrate(database, path, migrations);
    database.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * Two processes that make the same new file at once both want it alone for this switch, and SQLite
 * tells one of them at once that it is busy, whatever its timeout.
 */
function useWal(database: DatabaseSync): void {
  for (let tries = 1; ; tries += 1) {
    try {
      database.exec("PRAGMA journal_mode=WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || tries >= WAL_TRIES_MAX) throw error;
      Atomics.wait(CLOCK, 0, 0, WAL_PAUSE_MS);
    }
  }
}

function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  inTransaction(database, () => {
    const row = database.prepare("PRAGMA user_version").get();
    const version = Number(row?.["user_version"] ?? 0);
    if (version > migrations.length) throw new NewerDatabase(path);
    for (const migration of migrations.slice(version)) database.exec(migration);
    if (version < migrations.length) database.exec(`PRAGMA user_version=${migrations.length}`);
  });
}
