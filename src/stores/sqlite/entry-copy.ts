/**
 * What replicas share, as this machine last heard of it: a start that cannot ask the shared store
 * goes on with it, so that whom somebody has stopped stays stopped.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isShared } from "../../core/identity/shared-kinds.ts";
import { lookupOf } from "../../core/identity/directory-store.ts";
import { id, type Instant, type TenantId } from "../../core/units.ts";
import { readShared } from "../directory/read-entry.ts";
import type { EntryCopy, KnownEntry } from "../redis/entry-feed.ts";
import { inTransaction } from "./in-transaction.ts";
import { openDatabase } from "./database.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE shared_entry (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     tenant TEXT NOT NULL,
     revision INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     ends_at INTEGER,
     body TEXT,
     PRIMARY KEY (kind, id)
   ) STRICT, WITHOUT ROWID;`,
];

export class SqliteEntryCopy implements EntryCopy, Disposable {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;

  /** Throws where the file cannot be opened. */
  constructor(path: string, now: () => Instant) {
    this.#database = openDatabase(path, MIGRATIONS);
    this.#database.prepare("DELETE FROM shared_entry WHERE ends_at <= ?").run(now());
    // Several workers write what each has heard: whoever is late must not set an entry back.
    this.#put = this.#database.prepare(
      `INSERT INTO shared_entry (kind, id, tenant, revision, created_at, ends_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (kind, id) DO UPDATE SET tenant = excluded.tenant, revision = excluded.revision,
         created_at = excluded.created_at, ends_at = excluded.ends_at, body = excluded.body
       WHERE revision < excluded.revision`,
    );
  }

  read(): readonly KnownEntry[] {
    const rows = this.#database.prepare("SELECT * FROM shared_entry").all();
    return rows.flatMap((row): readonly KnownEntry[] => {
      const { kind, body } = row;
      if (typeof kind !== "string" || !isShared(kind)) return [];
      const name = { id: String(row["id"]), tenant: id<TenantId>(String(row["tenant"])) };
      const revision = Number(row["revision"]);
      if (typeof body !== "string") return [{ kind: "removed", of: kind, ...name, revision }];
      return [readShared(kind, { ...name, revision, created_at: Number(row["created_at"]), body })];
    });
  }

  write(changes: readonly KnownEntry[]): void {
    inTransaction(this.#database, () => {
      for (const change of changes) this.#put.run(...rowOf(change));
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function rowOf(change: KnownEntry): (string | number | null)[] {
  const { kind, id, tenant, revision } = change;
  // A removal is kept, too: what is older must not come back.
  if (kind === "removed") return [change.of, id, tenant, revision, 0, null, null];
  const { expiresAt = null } = lookupOf(kind, change.body, tenant);
  return [kind, id, tenant, revision, change.createdAt, expiresAt, JSON.stringify(change.body)];
}
