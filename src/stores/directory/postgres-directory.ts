/** The directory on PostgreSQL, shared by many machines. */
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { FOLLOWED, type FeedEntry } from "../../core/identity/access-index.ts";
import type { DirectoryFeed } from "../../core/identity/directory-feed.ts";
import type { Instant } from "../../core/units.ts";
import { migratePostgres, openPool } from "../postgres/postgres-pool.ts";
import { CHANNEL, DIRECTORY_SCHEMA, type DirectoryTables } from "./directory-schema.ts";
import { PostgresKeyCounts } from "./postgres-key-counts.ts";
import { readFeedEntry } from "./read-entry.ts";
import { SqlDirectoryStore, type OpenDirectoryStore } from "./sql-directory-store.ts";

/** Should a notification be lost with its connection, this is how late a change is heard of. */
const LOOK_MS = 1_000;

/** Rejects where the server cannot be reached, or was migrated by a newer Sallyport. */
export async function openPostgresDirectory(url: string): Promise<OpenDirectoryStore> {
  const pool = openPool(url);
  try {
    await migratePostgres(pool, DIRECTORY_SCHEMA);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const dialect = new PostgresDialect({ pool });
  const database = new Kysely<DirectoryTables>({ dialect });
  const counts = new PostgresKeyCounts(url);
  return new SqlDirectoryStore({ database, notifies: true, counts });
}

/** Changes as the server tells of them; a look every second in case it was not heard. */
export class PostgresFeed implements DirectoryFeed, AsyncDisposable {
  readonly #pool: pg.Pool;
  #listener: pg.Client | undefined;
  #connecting = false;
  #arrived: FeedEntry[] = [];
  #revision = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  readonly #url: string;
  readonly #onFault: (error: unknown) => void;

  constructor(url: string, onFault: (error: unknown) => void) {
    this.#url = url;
    this.#pool = openPool(url);
    this.#onFault = onFault;
  }

  async first(): Promise<readonly FeedEntry[]> {
    await migratePostgres(this.#pool, DIRECTORY_SCHEMA);
    await this.#fetch();
    return this.news();
  }

  news(): readonly FeedEntry[] {
    return this.#arrived.length === 0 ? this.#arrived : this.#arrived.splice(0);
  }

  watch(told: () => void): void {
    this.#timer = setInterval(() => this.#look(told), LOOK_MS).unref();
    void this.#listen(told);
  }

  async touch(uses: ReadonlyMap<string, Instant>): Promise<void> {
    await this.#pool.query(
      `INSERT INTO directory_key_use (id, used_at) SELECT * FROM unnest($1::text[], $2::bigint[])
       ON CONFLICT (id) DO UPDATE SET used_at = greatest(directory_key_use.used_at, excluded.used_at)`,
      [[...uses.keys()], [...uses.values()]],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#listener?.end().catch(() => undefined);
    await this.#next;
    await this.#looking;
    await this.#pool.end();
  }

  async #listen(told: () => void): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    const client = new pg.Client({ connectionString: this.#url });
    client.on("error", (error) => {
      this.#listener = undefined;
      this.#onFault(error);
    });
    client.on("notification", () => this.#look(told));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#listener = client;
      // What changed before the server listened for us was told to nobody.
      this.#look(told);
    } catch (error) {
      this.#onFault(error);
    } finally {
      this.#connecting = false;
    }
  }

  /** Of what was written until now; whoever asks meanwhile shares the next look. */
  catchUp(): Promise<void> {
    this.#next ??= this.#looking.then(() => {
      this.#next = undefined;
      this.#looking = this.#fetch().catch((error: unknown) => this.#onFault(error));
      return this.#looking;
    });
    return this.#next;
  }

  #look(told: () => void): void {
    if (this.#listener === undefined) void this.#listen(told);
    void this.catchUp().then(told);
  }

  async #fetch(): Promise<void> {
    const { rows } = await this.#pool.query(
      `SELECT kind, id, tenant, revision, body FROM directory_entry
       WHERE revision > $1 AND kind = ANY($2) ORDER BY revision`,
      [this.#revision, [...FOLLOWED]],
    );
    const fresh = rows.map(readFeedEntry).filter(({ revision }) => revision > this.#revision);
    this.#revision = fresh.at(-1)?.revision ?? this.#revision;
    this.#arrived.push(...fresh);
  }
}
