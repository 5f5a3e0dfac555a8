import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Instant } from "../../core/units.ts";
import { openDatabase } from "../sqlite/database.ts";
import { MIGRATIONS } from "./directory-schema.ts";
import type { KeyCounts } from "./key-counts.ts";
import { SqliteQuotaStore } from "./sqlite-quota-store.ts";
import { whenFree } from "./when-free.ts";

/** On a connection of its own that does not wait for the disk with each request. */
export class SqliteKeyCounts implements KeyCounts {
  readonly quotas: SqliteQuotaStore;
  readonly #database: DatabaseSync;
  readonly #touch: StatementSync;

  /** Throws the system's error where the file cannot be opened. */
  constructor(path: string) {
    const database = openDatabase(path, MIGRATIONS);
    database.exec("PRAGMA busy_timeout=0");
    this.#database = database;
    this.quotas = new SqliteQuotaStore(database);
    this.#touch = database.prepare(
      `INSERT INTO directory_key_use (id, used_at) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET used_at = max(used_at, excluded.used_at)`,
    );
  }

  async writeUses(uses: ReadonlyMap<string, Instant>): Promise<void> {
    await whenFree(async () => {
      for (const [id, at] of uses) this.#touch.run(id, at);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
  }
}
