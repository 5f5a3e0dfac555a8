/** Owners of MCP sessions, for all workers of a gateway, and for the next start. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SessionOwnerStore } from "../../core/session/session-owners.ts";
import type { Instant } from "../../core/units.ts";
import { openDatabase } from "./database.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE session_owner (
     session TEXT PRIMARY KEY,
     owner TEXT NOT NULL,
     claimed_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];

/** No server keeps a session so long. */
const FORGOTTEN_AFTER_MS = 30 * 86_400_000;

export class SqliteSessionOwners implements SessionOwnerStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #open: StatementSync;
  readonly #claim: StatementSync;
  readonly #read: StatementSync;
  readonly #forget: StatementSync;
  readonly #now: () => Instant;

  /** Throws where the file cannot be opened. */
  constructor(path: string, now: () => Instant) {
    const database = openDatabase(path, MIGRATIONS);
    const long = now() - FORGOTTEN_AFTER_MS;
    database.prepare("DELETE FROM session_owner WHERE claimed_at < ?").run(long);
    this.#database = database;
    this.#now = now;
    this.#open = database.prepare(
      `INSERT INTO session_owner (session, owner, claimed_at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET owner = excluded.owner, claimed_at = excluded.claimed_at`,
    );
    this.#claim = database.prepare(
      "INSERT INTO session_owner (session, owner, claimed_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.#read = database.prepare("SELECT owner FROM session_owner WHERE session = ?");
    this.#forget = database.prepare("DELETE FROM session_owner WHERE session = ?");
  }

  open(session: string, owner: string): void {
    try {
      this.#open.run(session, owner, this.#now());
    } catch {
      // A full or failing disk: its owner is asked for again with the next request.
    }
  }

  claim(session: string, owner: string): string | undefined {
    try {
      const known = this.#read.get(session)?.["owner"];
      if (typeof known === "string") return known;
      this.#claim.run(session, owner, this.#now());
      const claimed = this.#read.get(session)?.["owner"];
      return typeof claimed === "string" ? claimed : undefined;
    } catch {
      // Nobody's session is given to anybody.
      return undefined;
    }
  }

  forget(session: string): void {
    try {
      this.#forget.run(session);
    } catch {
      // It ages out.
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
