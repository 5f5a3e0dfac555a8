import { createHash, createHmac, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { TOKEN_PREFIX, type PersonalTexts } from "../../core/ledger/personal-texts.ts";
import type { TenantId } from "../../core/units.ts";
import { inTransaction } from "./in-transaction.ts";
import { openDatabase } from "./database.ts";

const KEY_BYTES = 32;
/** Hex digits of a token: 128 bits. */
const TOKEN_CHARS = 32;
/** Names that one look hashes: a millisecond. */
const PERSONS_AT_ONCE = 1_000;
/** Texts in memory; past it they are looked up again. */
const KNOWN_MAX = 10_000;

const MIGRATIONS = [
  `CREATE TABLE personal (
     token TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     person TEXT NOT NULL,
     text TEXT NOT NULL,
     key BLOB NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX personal_text ON personal (tenant, person, text)`,
  `CREATE TABLE erased (
     who TEXT PRIMARY KEY,
     token TEXT NOT NULL
   ) STRICT, WITHOUT ROWID`,
];

export function personalFile(dataDirectory: string): string {
  return join(dataDirectory, "personal.db");
}

interface Statements {
  readonly database: DatabaseSync;
  readonly find: StatementSync;
  readonly add: StatementSync;
  readonly reveal: StatementSync;
  readonly erased: StatementSync;
  readonly version: StatementSync;
}

/**
 * One file for all processes of a data directory, opened with the first text. What is erased is
 * overwritten: SQLite zeroes freed bytes, and the log is emptied.
 */
export class SqlitePersonalStore implements PersonalTexts, Disposable {
  readonly #path: string;
  readonly #onFault: (cause: unknown) => void;
  readonly #known = new Map<string, string>();
  #open: Statements | undefined;
  /** Changes when another process writes. */
  #seen: unknown;

  constructor(path: string, onFault: (cause: unknown) => void) {
    this.#path = path;
    this.#onFault = onFault;
  }

  readonly conceal = (tenant: TenantId, person: string, text: string): string => {
    const name = JSON.stringify([tenant, person, text]);
    this.#forgetStale();
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const token = this.#kept(tenant, person, text);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(name, token);
    return token;
  };

  readonly reveal = (token: string): string => {
    if (!token.startsWith(TOKEN_PREFIX) || !this.#exists()) return token;
    const row = this.#connection().reveal.get(token);
    return typeof row?.["text"] === "string" ? row["text"] : token;
  };

  /**
   * Whose fingerprint it is, where something is kept about them. In pages, because each name is
   * hashed: traffic goes on between them.
   */
  async personOf(tenant: TenantId, who: string): Promise<string | undefined> {
    if (!this.#exists()) return undefined;
    const page = this.#connection().database.prepare(
      `SELECT DISTINCT person FROM personal WHERE tenant = ? AND person > ?
       ORDER BY person LIMIT ${PERSONS_AT_ONCE}`,
    );
    for (let after = ""; ;) {
      const persons = page.all(tenant, after).map(({ person }) => String(person));
      const found = persons.find((person) => fingerprint(tenant, person) === who);
      const last = persons.at(-1);
      if (found !== undefined || last === undefined) return found;
      after = last;
      await turn();
    }
  }

  /** What stands for somebody from now on, whether or not anything was kept; the same each time. */
  tokenOfErased(who: string): string {
    const { database, erased } = this.#connection();
    const token = tokenOf(who, randomBytes(KEY_BYTES));
    database.prepare("INSERT OR IGNORE INTO erased VALUES (?, ?)").run(who, token);
    this.#known.clear();
    return String(erased.get(who)?.["token"]);
  }

  /** Whether their name must not be kept anywhere any more. */
  isErased(tenant: TenantId, person: string): boolean {
    if (!this.#exists()) return false;
    return this.#connection().erased.get(fingerprint(tenant, person)) !== undefined;
  }

  /** Tokens of everything that is kept about a person. */
  tokensOf(tenant: TenantId, person: string): readonly string[] {
    if (!this.#exists()) return [];
    const rows = this.#connection()
      .database.prepare("SELECT token FROM personal WHERE tenant = ? AND person = ?")
      .all(tenant, person);
    return rows.map(({ token }) => String(token));
  }

  /**
   * Gone from the disk when it returns, and not kept again: what the person does from now on is
   * recorded under one token that nobody can resolve, in every process of the data directory.
   */
  erase(tenant: TenantId, person: string): void {
    const { database } = this.#connection();
    inTransaction(database, () => {
      database.prepare("DELETE FROM personal WHERE tenant = ? AND person = ?").run(tenant, person);
      database
        .prepare("INSERT OR IGNORE INTO erased VALUES (?, ?)")
        .run(fingerprint(tenant, person), tokenOf(person, randomBytes(KEY_BYTES)));
    });
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#known.clear();
  }

  [Symbol.dispose](): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  #kept(tenant: TenantId, person: string, text: string): string {
    const key = randomBytes(KEY_BYTES);
    const token = tokenOf(text, key);
    try {
      const { add, find, erased } = this.#connection();
      const gone = erased.get(fingerprint(tenant, person))?.["token"];
      if (typeof gone === "string") return gone;
      add.run(token, tenant, person, text, key);
      const row = find.get(tenant, person, text);
      return typeof row?.["token"] === "string" ? row["token"] : token;
    } catch (error) {
      this.#onFault(error);
      return token;
    }
  }

  /** A person may have been erased by another process. */
  #forgetStale(): void {
    if (this.#open === undefined) return;
    const version = this.#open.version.get()?.["data_version"];
    if (version === this.#seen) return;
    this.#seen = version;
    this.#known.clear();
  }

  #exists(): boolean {
    return this.#open !== undefined || existsSync(this.#path);
  }

  #connection(): Statements {
    if (this.#open !== undefined) return this.#open;
    const database = openDatabase(this.#path, MIGRATIONS);
    database.exec("PRAGMA secure_delete=ON; PRAGMA synchronous=FULL");
    this.#open = {
      database,
      find: database.prepare(
        "SELECT token FROM personal WHERE tenant = ? AND person = ? AND text = ?",
      ),
      add: database.prepare("INSERT OR IGNORE INTO personal VALUES (?, ?, ?, ?, ?)"),
      reveal: database.prepare("SELECT text FROM personal WHERE token = ?"),
      erased: database.prepare("SELECT token FROM erased WHERE who = ?"),
      version: database.prepare("PRAGMA data_version"),
    };
    return this.#open;
  }
}

function tokenOf(text: string, key: Buffer): string {
  return TOKEN_PREFIX + createHmac("sha256", key).update(text).digest("hex").slice(0, TOKEN_CHARS);
}

/** Knows an erased person again, and says of nobody who they were unless their name is guessed. */
export function fingerprint(tenant: TenantId, person: string): string {
  return createHash("sha256")
    .update(JSON.stringify([tenant, person]))
    .digest("hex");
}
