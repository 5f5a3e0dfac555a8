/**
 * Marks of sessions, in memory and on disk: a restart, or another worker, must not make a session
 * clean again.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Principal } from "../../core/principal.ts";
import type { SessionName, SessionStore } from "../../core/session/session.ts";
import type { Instant } from "../../core/units.ts";
import { BUSY_TIMEOUT_MS, openDatabase } from "./database.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE session_mark (
     session TEXT NOT NULL,
     mark TEXT NOT NULL,
     marked_at INTEGER NOT NULL,
     PRIMARY KEY (session, mark)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX session_mark_age ON session_mark (marked_at);`,
];

/** Sessions held in memory; the rest are read again from disk when they come back. */
export const SESSION_CACHE_MAX = 10_000;

/** A session not marked again for this long is over: no agent's run lasts so long. */
export const SESSION_FORGOTTEN_AFTER_MS = 90 * 86_400_000;

/** How often the age of marks that stay the same is written again. */
const REFRESH_AFTER_MS = 86_400_000;

/** Sessions whose marks wait for the disk. With more, every session is refused: none is lost. */
export const SESSIONS_UNWRITTEN_MAX = 10_000;

/** How long after a refusal the disk is asked again. */
export const SESSION_RETRY_MS = 1_000;

const NONE: readonly string[] = [];

interface Known {
  readonly marks: readonly string[];
  /** When this process last wrote them; 0 where it only read them. */
  readonly writtenAt: number;
}

export interface SessionStoreOptions {
  readonly path: string;
  /** Whether other processes mark sessions too: then every look-up asks for their changes. */
  readonly shared: boolean;
  readonly now: () => Instant;
}

export class SqliteSessionStore implements SessionStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  readonly #clear: StatementSync;
  readonly #version: StatementSync | undefined;
  readonly #now: () => Instant;
  /** In order of insertion, so that the oldest entry goes first. */
  readonly #cache = new Map<string, Known>();
  /** Marks that the disk refused: the only place where they are. */
  readonly #unwritten = new Map<string, readonly string[]>();
  #retry: NodeJS.Timeout | undefined;
  #seenVersion: unknown;

  /** Throws where the file cannot be opened. */
  constructor({ path, shared, now }: SessionStoreOptions) {
    const database = openDatabase(path, MIGRATIONS);
    database
      .prepare("DELETE FROM session_mark WHERE marked_at < ?")
      .run(now() - SESSION_FORGOTTEN_AFTER_MS);
    this.#database = database;
    this.#now = now;
    this.#read = database.prepare("SELECT mark FROM session_mark WHERE session = ? ORDER BY mark");
    this.#write = database.prepare(
      `INSERT INTO session_mark (session, mark, marked_at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET marked_at = excluded.marked_at`,
    );
    this.#clear = database.prepare("DELETE FROM session_mark WHERE session = ?");
    // Changes only when another connection has written: a look into shared memory, not a query.
    this.#version = shared ? database.prepare("PRAGMA data_version") : undefined;
  }

  /** Throws if the store cannot be read: whoever asks must not take that for "no marks". */
  marks(principal: SessionName): readonly string[] {
    if (this.#unwritten.size >= SESSIONS_UNWRITTEN_MAX) {
      throw new Error("too many sessions have marks that could not be written");
    }
    return this.#known(keyOf(principal)).marks;
  }

  /** In force at once, also if the disk then refuses, which throws; it is asked again later. */
  mark(principal: Principal, marks: readonly string[]): void {
    if (marks.length === 0) return;
    const session = keyOf(principal);
    try {
      this.#mark(session, marks);
    } catch (error) {
      this.#keep(session, marks);
      throw error;
    }
  }

  clear(principal: SessionName): readonly string[] {
    const session = keyOf(principal);
    const { marks } = this.#known(session);
    this.#clear.run(session);
    this.#unwritten.delete(session);
    this.#cache.delete(session);
    return marks;
  }

  [Symbol.dispose](): void {
    this.#writeUnwritten();
    clearTimeout(this.#retry);
    this.#database.close();
  }

  #mark(session: string, marks: readonly string[]): void {
    const now = this.#now();
    const before = this.#known(session);
    const isNew = marks.some((mark) => !before.marks.includes(mark));
    if (!isNew && (this.#unwritten.has(session) || now - before.writtenAt < REFRESH_AFTER_MS)) {
      return;
    }
    const after = isNew ? union(before.marks, marks) : before.marks;
    for (const mark of after) this.#write.run(session, mark, now);
    this.#unwritten.delete(session);
    this.#remember(session, { marks: after, writtenAt: now });
  }

  #keep(session: string, marks: readonly string[]): void {
    const kept = union(this.#unwritten.get(session) ?? NONE, marks);
    this.#unwritten.set(session, kept);
    const cached = this.#cache.get(session);
    if (cached !== undefined) {
      this.#remember(session, { marks: union(cached.marks, kept), writtenAt: 0 });
    }
    this.#retryLater();
  }

  #retryLater(): void {
    if (!this.#database.isOpen) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#writeUnwritten();
      if (this.#unwritten.size > 0) this.#retryLater();
    }, SESSION_RETRY_MS).unref();
  }

  /** All in one go, or none; without a wait for locks, because everything else would wait as well. */
  #writeUnwritten(): void {
    if (this.#unwritten.size === 0 || !this.#database.isOpen) return;
    const now = this.#now();
    try {
      this.#database.exec("PRAGMA busy_timeout=0; BEGIN IMMEDIATE");
      for (const [session, marks] of this.#unwritten) {
        for (const mark of marks) this.#write.run(session, mark, now);
      }
      this.#database.exec("COMMIT");
      this.#unwritten.clear();
    } catch {
      // Whoever marked has been told; the marks stay in force and the next retry tries again.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    } finally {
      this.#database.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
    }
  }

  #known(session: string): Known {
    this.#forgetIfChangedElsewhere();
    const cached = this.#cache.get(session);
    if (cached !== undefined) return cached;
    const rows = this.#read.all(session);
    const written = rows.length === 0 ? NONE : rows.map((row) => String(row["mark"]));
    const unwritten = this.#unwritten.get(session);
    const marks = unwritten === undefined ? written : union(written, unwritten);
    const known = { marks, writtenAt: 0 };
    this.#remember(session, known);
    return known;
  }

  #forgetIfChangedElsewhere(): void {
    if (this.#version === undefined) return;
    const version = this.#version.get()?.["data_version"];
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#cache.clear();
  }

  #remember(session: string, known: Known): void {
    keepRecent(this.#cache, session, known, SESSION_CACHE_MAX);
  }
}

function union(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])].toSorted();
}

/** Sessions are named by clients: two agents may choose the same name and share nothing. */
function keyOf({ tenant, agent, session }: SessionName): string {
  return `${tenant}\n${agent}\n${session}`;
}
