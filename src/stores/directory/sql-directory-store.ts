/** The directory in SQL: one set of queries for SQLite and PostgreSQL, written with Kysely. */
import { sql, type Kysely, type Transaction } from "kysely";
import {
  EVERY_TENANT,
  lookupOf,
  StoreUnreachable,
  type DirectoryStore,
  type Query,
  type Write,
  type WriteReply,
} from "../../core/identity/directory-store.ts";
import type { QuotaStore } from "../../core/identity/quota.ts";
import type { Entry, EntryKind } from "../../core/identity/directory-entry.ts";
import { instant, type Instant } from "../../core/units.ts";
import type { KeyCounts } from "./key-counts.ts";
import { KeyUses } from "./key-uses.ts";
import { readEntry } from "./read-entry.ts";
import { CHANNEL, type DirectoryTables } from "./directory-schema.ts";
import { whenFree } from "./when-free.ts";

type Database = Kysely<DirectoryTables>;

export interface OpenDirectoryStore extends DirectoryStore, AsyncDisposable {
  readonly quotas: QuotaStore;
}

/** Entries that one page may have. */
const PAGE_MAX = 1_000;

export interface SqlDirectoryParts {
  readonly database: Database;
  /** PostgreSQL tells its listeners; SQLite's see the file change. */
  readonly notifies: boolean;
  readonly counts: KeyCounts;
}

export class SqlDirectoryStore implements OpenDirectoryStore {
  readonly quotas: QuotaStore;
  readonly #database: Database;
  readonly #notifies: boolean;
  readonly #counts: KeyCounts;
  readonly #uses: KeyUses;

  constructor({ database, notifies, counts }: SqlDirectoryParts) {
    this.#database = database;
    this.#notifies = notifies;
    this.#counts = counts;
    this.quotas = counts.quotas;
    this.#uses = new KeyUses((uses) => counts.writeUses(uses));
  }

  async get<K extends EntryKind>(kind: K, id: string): Promise<Entry<K> | undefined> {
    const row = await this.#ask((database) =>
      entries(database, kind).where("id", "=", id).executeTakeFirst(),
    );
    return row && readEntry(kind, row);
  }

  async byName<K extends EntryKind>(kind: K, name: string): Promise<Entry<K> | undefined> {
    const row = await this.#ask((database) =>
      entries(database, kind).where("name", "=", name).executeTakeFirst(),
    );
    return row && readEntry(kind, row);
  }

  async list<K extends EntryKind>(
    kind: K,
    { tenant, owner, after, limit }: Query,
  ): Promise<readonly Entry<K>[]> {
    const rows = await this.#ask((database) => {
      let query = entries(database, kind);
      if (tenant !== EVERY_TENANT) query = query.where("tenant", "=", tenant);
      if (owner !== undefined) query = query.where("owner", "=", owner);
      if (after !== undefined) query = query.where("id", ">", after);
      return query.orderBy("id").limit(Math.min(limit, PAGE_MAX)).execute();
    });
    return rows.map((row) => readEntry(kind, row));
  }

  async count(kind: EntryKind): Promise<number> {
    const row = await this.#ask((database) =>
      database
        .selectFrom("directory_entry")
        .select((of) => of.fn.countAll<number>().as("count"))
        .where("kind", "=", kind)
        .where("body", "is not", null)
        .executeTakeFirstOrThrow(),
    );
    return Number(row.count);
  }

  async write(...writes: readonly Write[]): Promise<WriteReply> {
    const write = (): Promise<WriteReply> =>
      this.#database.transaction().execute((transaction) => this.#write(transaction, writes));
    try {
      return await whenFree(write);
    } catch (error) {
      if (error instanceof Conflict) return error.reply;
      throw new StoreUnreachable(error);
    }
  }

  async touch(uses: ReadonlyMap<string, Instant>): Promise<void> {
    this.#uses.add(uses);
  }

  async lastUses(ids: readonly string[]): Promise<ReadonlyMap<string, Instant>> {
    if (ids.length === 0) return new Map();
    await this.#uses.flush().catch((error: unknown) => {
      throw new StoreUnreachable(error);
    });
    const rows = await this.#ask((database) =>
      database.selectFrom("directory_key_use").selectAll().where("id", "in", ids).execute(),
    );
    return new Map(rows.map(({ id, used_at }) => [id, instant(Number(used_at))]));
  }

  async prune(before: Instant): Promise<void> {
    await this.#ask((database) =>
      database.deleteFrom("directory_entry").where("expires_at", "<", before).execute(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#uses[Symbol.asyncDispose]();
    await this.#counts[Symbol.asyncDispose]();
    await this.#database.destroy();
  }

  async #ask<T>(query: (database: Database) => Promise<T>): Promise<T> {
    try {
      return await whenFree(() => query(this.#database));
    } catch (error) {
      throw new StoreUnreachable(error);
    }
  }

  /** Taking the next revision locks out all other writers: the feed has no gaps. */
  async #write(
    transaction: Transaction<DirectoryTables>,
    writes: readonly Write[],
  ): Promise<WriteReply> {
    const { value } = await transaction
      .updateTable("directory_revision")
      .set((of) => ({ value: of("value", "+", 1) }))
      .returning("value")
      .executeTakeFirstOrThrow();
    const revision = Number(value);
    for (const write of writes) {
      if (write.kind === "put") await put(transaction, write, revision);
      else await remove(transaction, write, revision);
    }
    if (this.#notifies) await sql`SELECT pg_notify(${CHANNEL}, '')`.execute(transaction);
    return { kind: "written", revision };
  }
}

/** Ends the transaction with nothing written. */
class Conflict extends Error {
  readonly reply: WriteReply;

  constructor(id: string, why: "changed" | "taken") {
    super(why);
    this.reply = { kind: "conflict", id, why };
  }
}

function entries(database: Kysely<DirectoryTables>, kind: EntryKind) {
  return database
    .selectFrom("directory_entry")
    .selectAll()
    .where("kind", "=", kind)
    .where("body", "is not", null);
}

async function put(
  transaction: Transaction<DirectoryTables>,
  { entry, expect }: Extract<Write, { kind: "put" }>,
  revision: number,
): Promise<void> {
  const { kind, id, tenant, createdAt, body } = entry;
  const { owner = null, name = null, expiresAt = null } = lookupOf(kind, body, tenant);
  if (name !== null) await freeName(transaction, entry, name);
  const standing = await transaction
    .selectFrom("directory_entry")
    .select(["revision", "body"])
    .where("kind", "=", kind)
    .where("id", "=", id)
    .executeTakeFirst();
  const found = standing === undefined || standing.body === null ? undefined : standing;
  if (expect === "absent" && found !== undefined) throw new Conflict(id, "taken");
  if (typeof expect === "number" && Number(found?.revision) !== expect) {
    throw new Conflict(id, "changed");
  }
  const row = { tenant, owner, name, revision, expires_at: expiresAt, body: JSON.stringify(body) };
  await transaction
    .insertInto("directory_entry")
    .values({ kind, id, created_at: createdAt, ...row })
    .onConflict((conflict) => conflict.columns(["kind", "id"]).doUpdateSet(row))
    .execute();
}

async function freeName(
  transaction: Transaction<DirectoryTables>,
  { kind, id }: { readonly kind: EntryKind; readonly id: string },
  name: string,
): Promise<void> {
  const other = await transaction
    .selectFrom("directory_entry")
    .select("id")
    .where("kind", "=", kind)
    .where("name", "=", name)
    .where("id", "!=", id)
    .executeTakeFirst();
  if (other !== undefined) throw new Conflict(id, "taken");
}

async function remove(
  transaction: Transaction<DirectoryTables>,
  { of, id, expect }: Extract<Write, { kind: "remove" }>,
  revision: number,
): Promise<void> {
  let query = transaction
    .updateTable("directory_entry")
    .set({ body: null, name: null, owner: null, expires_at: null, revision })
    .where("kind", "=", of)
    .where("id", "=", id)
    .where("body", "is not", null);
  if (typeof expect === "number") query = query.where("revision", "=", expect);
  const { numUpdatedRows } = await query.executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n && expect !== "any") throw new Conflict(id, "changed");
}
