/**
 * One vault for all replicas, in the database of their directory: the sealed document as it lies in
 * `vault.json`, and the wrapped key where a service keeps it. Each machine goes on to use its own
 * file, a copy, so that secrets can be borrowed while the database is away; only changes need it.
 */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import type { SecretChange, SecretPlace } from "../../core/secret/secret-store.ts";
import { errorOf } from "../../lib/caught.ts";
import { migratePostgres, openPool, type PostgresSchema } from "./postgres-pool.ts";
import { VaultFault } from "../vault/vault-fault.ts";
import {
  installVault,
  readVault,
  vaultPath,
  vaultText,
  type ForeignVault,
} from "../vault/vault-file.ts";
import { openVaultKey } from "../vault/vault-key.ts";
import { draftSecret, type VaultHome, type VaultReply } from "../vault/vault-secrets.ts";
import { unwrapText } from "../vault/wrapped-key.ts";
import { writeDurably } from "../vault/write-durably.ts";

const SCHEMA: PostgresSchema = {
  table: "vault_version",
  lock: 41_004_103,
  migrations: [
    `CREATE TABLE vault_document (
       one SMALLINT PRIMARY KEY DEFAULT 1 CHECK (one = 1),
       sha256 TEXT NOT NULL,
       text TEXT NOT NULL,
       wrapped_key TEXT
     )`,
  ],
};
const CHANGE_LOCK = 41_004_104;
/** How late a change made elsewhere is lent here. */
const LOOK_MS = 1_000;

export interface SharedVaultOptions extends VaultHome {
  readonly url: string;
  readonly onFault: (fault: VaultFault) => void;
}

export class SharedVault implements AsyncDisposable {
  readonly #options: SharedVaultOptions;
  readonly #pool: pg.Pool;
  #ready: Promise<void> | undefined;
  #pulling: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The local file's look and hash. */
  #local = { stamp: "", sha256: "" };
  #lastFault = "";

  constructor(options: SharedVaultOptions) {
    this.#options = options;
    this.#pool = openPool(options.url);
  }

  /** Brings what others changed. Never rejects: what lies here stays in use. */
  pull(): Promise<void> {
    this.#pulling ??= this.#pull()
      .then(
        () => void (this.#lastFault = ""),
        (error: unknown) => this.#tell(error),
      )
      .finally(() => void (this.#pulling = undefined));
    return this.#pulling;
  }

  /** From now on until it is closed. `pulled`: what others changed before is in the file here. */
  watch(pulled: () => void): void {
    this.#timer ??= setInterval(() => void this.pull().then(pulled), LOOK_MS).unref();
  }

  /** One change, agreed on by all replicas before it is in force here. Rejects with VaultFault. */
  async change(place: SecretPlace, change: SecretChange): Promise<VaultReply> {
    await openVaultKey(this.#options.key);
    return this.#alone(async (client) => {
      const standing = await rowOf(client);
      if (standing !== undefined) await this.#install(standing);
      const { reply, text } = draftSecret(this.#options, place, change);
      if (text === undefined) return { value: reply, next: undefined };
      return { value: reply, next: { text, wrappedKey: await this.#wrappedKey() } };
    });
  }

  /** What `work` makes of the vault here becomes everybody's: for its key. Rejects with VaultFault. */
  async reseal<T>(work: () => T): Promise<T> {
    return this.#alone(async (client) => {
      const standing = await rowOf(client);
      if (standing !== undefined) await this.#install(standing);
      const value = work();
      const text = vaultText(this.#options.directory);
      const next = text === undefined ? text : { text, wrappedKey: await this.#wrappedKey() };
      return { value, next };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#pulling;
    await this.#pool.end();
  }

  async #pull(): Promise<void> {
    await this.#migrated();
    const row = await rowOf(this.#pool, this.#sha256());
    if (row !== undefined) return this.#install(row);
    if (!this.#isShared()) await this.#share();
  }

  /** The first replica brings what it has; who comes later has kept it elsewhere, see `#setAside`. */
  async #share(): Promise<void> {
    const text = vaultText(this.#options.directory);
    if (text !== undefined) {
      await openVaultKey(this.#options.key);
      readVault(this.#options.directory, this.#options.key);
      await this.#pool.query(
        `INSERT INTO vault_document (sha256, text, wrapped_key) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING`,
        [sha256Of(text), text, (await this.#wrappedKey()) ?? null],
      );
      const other = await rowOf(this.#pool, sha256Of(text));
      if (other !== undefined) return this.#install(other);
    }
    this.#markShared();
  }

  async #install(row: ForeignVault): Promise<void> {
    if (sha256Of(row.text) === this.#sha256()) return this.#markShared();
    const { directory, key } = this.#options;
    await openVaultKey(key);
    if (key.kind === "wrapped" && row.wrappedKey !== undefined) {
      await unwrapText(key, row.wrappedKey);
    }
    if (this.#isShared()) return installVault(directory, key, row);
    this.#replaceOwn(row);
    this.#markShared();
  }

  /** A vault from before there was one for all is kept: nobody wanted it to be lost. */
  #replaceOwn(row: ForeignVault): void {
    const { directory, key, onFault } = this.#options;
    const path = vaultPath(directory);
    const aside = `${path}.unshared`;
    const isThere = existsSync(path);
    if (isThere) copyFileSync(path, aside);
    try {
      installVault(directory, key, row);
    } catch (error) {
      rmSync(aside, { force: true });
      throw error;
    }
    const detail = `replicas share another vault; the one that was here is in ${aside}`;
    if (isThere) onFault(new VaultFault(detail));
  }

  #isShared(): boolean {
    return existsSync(this.#marker());
  }

  #markShared(): void {
    if (!this.#isShared())
      writeDurably(this.#marker(), "this vault is a copy of the directory's\n");
  }

  #marker(): string {
    return join(this.#options.directory, "vault.shared");
  }

  /** Of the file here; empty where there is none. */
  #sha256(): string {
    const { directory } = this.#options;
    const path = vaultPath(directory);
    if (!existsSync(path)) return "";
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    const stamp = `${ino} ${size} ${mtimeNs}`;
    if (stamp !== this.#local.stamp) {
      this.#local = { stamp, sha256: sha256Of(vaultText(directory) ?? "") };
    }
    return this.#local.sha256;
  }

  async #wrappedKey(): Promise<string | undefined> {
    const { key } = this.#options;
    return key.kind === "wrapped" ? readFile(key.path, "utf8") : undefined;
  }

  /** One replica at a time; `next` is in force here once all can have it. */
  async #alone<T>(
    work: (client: pg.PoolClient) => Promise<{ value: T; next: ForeignVault | undefined }>,
  ): Promise<T> {
    const client = await this.#connected();
    try {
      await client.query("BEGIN");
      await client.query("SELECT pg_advisory_xact_lock($1)", [CHANGE_LOCK]);
      const { value, next } = await work(client);
      if (next !== undefined) await put(client, next);
      await client.query("COMMIT");
      if (next !== undefined) await this.#install(next);
      return value;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw faultOf(error);
    } finally {
      client.release();
    }
  }

  async #connected(): Promise<pg.PoolClient> {
    try {
      await this.#migrated();
      return await this.#pool.connect();
    } catch (error) {
      throw faultOf(error);
    }
  }

  #migrated(): Promise<void> {
    this.#ready ??= migratePostgres(this.#pool, SCHEMA).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  /** Once for each trouble: it is looked again every second. */
  #tell(error: unknown): void {
    const fault = faultOf(error);
    if (fault.message === this.#lastFault) return;
    this.#lastFault = fault.message;
    this.#options.onFault(fault);
  }
}

async function rowOf(
  database: pg.Pool | pg.PoolClient,
  butNot = "",
): Promise<ForeignVault | undefined> {
  const { rows } = await database.query(
    "SELECT text, wrapped_key FROM vault_document WHERE sha256 <> $1",
    [butNot],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return { text: String(row.text), wrappedKey: row.wrapped_key ?? undefined };
}

async function put(client: pg.PoolClient, { text, wrappedKey }: ForeignVault): Promise<void> {
  await client.query(
    `INSERT INTO vault_document (sha256, text, wrapped_key) VALUES ($1, $2, $3)
     ON CONFLICT (one) DO UPDATE
     SET sha256 = excluded.sha256, text = excluded.text, wrapped_key = excluded.wrapped_key`,
    [sha256Of(text), text, wrappedKey ?? null],
  );
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function faultOf(error: unknown): VaultFault {
  if (error instanceof VaultFault) return error;
  const cause = errorOf(error);
  return new VaultFault(`the shared vault cannot be reached: ${cause.message}`, { cause });
}
