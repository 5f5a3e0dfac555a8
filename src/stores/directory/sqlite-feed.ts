/** Changes of the directory as the data plane reads them: without Kysely, which costs 15 MB. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FOLLOWED, type FeedEntry } from "../../core/identity/access-index.ts";
import type { DirectoryFeed } from "../../core/identity/directory-feed.ts";
import { isShared, SHARED_KINDS, type SharedEntry } from "../../core/identity/shared-kinds.ts";
import type { Instant } from "../../core/units.ts";
import { openDatabase } from "../sqlite/database.ts";
import { MIGRATIONS } from "./directory-schema.ts";
import { readFeedEntry, readShared } from "./read-entry.ts";

/** A stop must be heard of within 100 ms; one look at the version is a few microseconds. */
const LOOK_MS = 40;

export class SqliteFeed implements DirectoryFeed, AsyncDisposable {
  readonly #database: DatabaseSync;
  readonly #version: StatementSync;
  readonly #changes: StatementSync;
  readonly #touch: StatementSync;
  #seenVersion: unknown;
  #revision = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Throws where the file cannot be opened. */
  constructor(path: string) {
    const database = openDatabase(path, MIGRATIONS);
    this.#database = database;
    this.#version = database.prepare("PRAGMA data_version");
    const kinds = FOLLOWED.map((kind) => `'${kind}'`).join(",");
    this.#changes = database.prepare(
      `SELECT kind, id, tenant, revision, body FROM directory_entry
       WHERE revision > ? AND kind IN (${kinds}) ORDER BY revision`,
    );
    this.#touch = database.prepare(
      `INSERT INTO directory_key_use (id, used_at) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at
       WHERE used_at < excluded.used_at`,
    );
  }

  async first(): Promise<readonly FeedEntry[]> {
    return this.news();
  }

  news(): readonly FeedEntry[] {
    const version = this.#version.get()?.["data_version"];
    if (version === this.#seenVersion) return NOTHING;
    this.#seenVersion = version;
    const rows = this.#changes.all(this.#revision).map((row) => readFeedEntry({ ...row }));
    this.#revision = rows.at(-1)?.revision ?? this.#revision;
    return rows;
  }

  /** What was kept here before replicas shared it. */
  leftOver(): readonly SharedEntry[] {
    const kinds = SHARED_KINDS.map((kind) => `'${kind}'`).join(",");
    const rows = this.#database
      .prepare(
        `SELECT kind, id, tenant, revision, created_at, body FROM directory_entry
         WHERE body IS NOT NULL AND kind IN (${kinds})`,
      )
      .all();
    return rows.flatMap((row) => {
      const { kind, id, tenant, revision, created_at, body } = row;
      if (typeof kind !== "string" || !isShared(kind)) return [];
      const times = { revision: Number(revision), created_at: Number(created_at) };
      return [
        readShared(kind, { id: String(id), tenant: String(tenant), body: String(body), ...times }),
      ];
    });
  }

  watch(told: () => void): void {
    this.#timer = setInterval(told, LOOK_MS).unref();
  }

  async touch(uses: ReadonlyMap<string, Instant>): Promise<void> {
    for (const [id, at] of uses) this.#touch.run(id, at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#database.close();
  }
}

const NOTHING: readonly FeedEntry[] = [];
