import { Kysely, PostgresDialect } from "kysely";
import type { Instant } from "../../core/units.ts";
import { openPool } from "../postgres/postgres-pool.ts";
import type { DirectoryTables } from "./directory-schema.ts";
import type { KeyCounts } from "./key-counts.ts";
import { SqlQuotaStore } from "./sql-quota-store.ts";

/** On connections of their own whose commits do not wait for the server's disk. */
export class PostgresKeyCounts implements KeyCounts {
  readonly quotas: SqlQuotaStore;
  readonly #database: Kysely<DirectoryTables>;

  /** Connects with the first use; the tables must be there by then. */
  constructor(url: string) {
    const pool = openPool(url, { options: "-c synchronous_commit=off" });
    this.#database = new Kysely<DirectoryTables>({ dialect: new PostgresDialect({ pool }) });
    this.quotas = new SqlQuotaStore(this.#database);
  }

  async writeUses(uses: ReadonlyMap<string, Instant>): Promise<void> {
    await this.#database
      .insertInto("directory_key_use")
      .values([...uses].map(([id, used_at]) => ({ id, used_at })))
      .onConflict((conflict) =>
        conflict
          .column("id")
          .doUpdateSet({ used_at: (of) => of.ref("excluded.used_at") })
          .whereRef("directory_key_use.used_at", "<", "excluded.used_at"),
      )
      .execute();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.destroy();
  }
}
