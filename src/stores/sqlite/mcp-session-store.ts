/** Whose MCP sessions are, and what their clients can do: for all workers, and for the next start. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SessionClientStore } from "../../core/session/session-clients.ts";
import type { SessionOwnerStore } from "../../core/session/session-owners.ts";
import type { Instant } from "../../core/units.ts";
import { openDatabase } from "./database.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE session_owner (
     session TEXT PRIMARY KEY,
     owner TEXT NOT NULL,
     claimed_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE session_client (
     session TEXT PRIMARY KEY,
     capabilities TEXT NOT NULL,
     introduced_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];

/** No server keeps a session so long. */
const FORGOTTEN_AFTER_MS = 30 * 86_400_000;

export class SqliteMcpSessions implements SessionOwnerStore, SessionClientStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #open: StatementSync;
  readonly #claim: StatementSync;
  readonly #read: StatementSync;
  readonly #forget: StatementSync;
  readonly #introduce: StatementSync;
  readonly #capabilities: StatementSync;
  readonly #part: StatementSync;
  readonly #now: () => Instant;

  /** Throws where the file cannot be opened. */
  constructor(path: string, now: () => Instant) {
    const database = openDatabase(path, MIGRATIONS);
    const long = now() - FORGOTTEN_AFTER_MS;
    database.prepare("DELETE FROM session_owner WHERE claimed_at < ?").run(long);
    database.prepare("DELETE FROM session_client WHERE introduced_at < ?").run(long);
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
    this.#introduce = database.prepare(
      `INSERT INTO session_client (session, capabilities, introduced_at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET capabilities = excluded.capabilities,
         introduced_at = excluded.introduced_at`,
    );
    this.#capabilities = database.prepare(
      "SELECT capabilities FROM session_client WHERE session = ?",
    );
    this.#part = database.prepare("DELETE FROM session_client WHERE session = ?");
  }

  open(session: string, owner: string): void {
    try {
      this.#open.run(session, owner, this.#now());
    } catch {
      // A full or failing disk: its owner is asked for again with the next request.
    }
  }

  claim(session: string, owner: string): string | undefined {
    const known = this.ownerOf(session);
    if (known !== undefined) return known;
    try {
      this.#claim.run(session, owner, this.#now());
    } catch {
      // Nobody's session is given to anybody.
      return undefined;
    }
    return this.ownerOf(session);
  }

  /** Undefined: it was never heard of here, or the disk does not say. */
  ownerOf(session: string): string | undefined {
    try {
      const known = this.#read.get(session)?.["owner"];
      return typeof known === "string" ? known : undefined;
    } catch {
      return undefined;
    }
  }

  forget(session: string): void {
    try {
      this.#forget.run(session);
      this.#part.run(session);
    } catch {
      // It ages out.
    }
  }

  introduce(session: string, capabilities: string): void {
    try {
      this.#introduce.run(session, capabilities, this.#now());
    } catch {
      // Its client is asked nothing in the course of tasks, which servers take for a no.
    }
  }

  capabilitiesOf(session: string): string | undefined {
    try {
      const known = this.#capabilities.get(session)?.["capabilities"];
      return typeof known === "string" ? known : undefined;
    } catch {
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
