/** Reviews on disk: they outlive the process, and all workers see the same ones. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { Review, ReviewStore } from "../../core/review/review.ts";
import type { Instant } from "../../core/units.ts";
import { openDatabase } from "./database.ts";

/** `body` is the review as JSON: it is read whole or not at all. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE review (
     id TEXT PRIMARY KEY,
     fingerprint TEXT NOT NULL,
     agent TEXT NOT NULL,
     status TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX review_pending ON review (fingerprint) WHERE status = 'pending';
   CREATE INDEX review_waiting ON review (agent) WHERE status = 'pending';
   CREATE INDEX review_expired ON review (expires_at);`,
];

/** Per agent, so that one in a loop neither fills the disk nor hides what others ask for. */
export const PENDING_REVIEWS_MAX = 100;

/** A call that no person could read is not stored for one. */
export const REVIEW_CHARS_MAX = 1_048_576;

const KEEP_EXPIRED_MS = 30 * 86_400_000;
const PRUNED_AT_ONCE = 100;

export class SqliteReviewStore implements ReviewStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #expire: StatementSync;
  readonly #prune: StatementSync;
  readonly #find: StatementSync;
  readonly #count: StatementSync;
  readonly #insert: StatementSync;
  readonly #list: StatementSync;
  readonly #now: () => Instant;

  /** Throws where the file cannot be opened. `now` tells which reviews still wait. */
  constructor(path: string, now: () => Instant) {
    const database = openDatabase(path, MIGRATIONS);
    this.#database = database;
    this.#now = now;
    this.#expire = database.prepare(
      "UPDATE review SET status = 'expired' WHERE status = 'pending' AND expires_at <= ?",
    );
    this.#prune = database.prepare(
      `DELETE FROM review WHERE id IN (
         SELECT id FROM review WHERE status = 'expired' AND expires_at < ? LIMIT ${PRUNED_AT_ONCE})`,
    );
    this.#find = database.prepare(
      "SELECT body FROM review WHERE status = 'pending' AND fingerprint = ?",
    );
    this.#count = database.prepare(
      "SELECT count(*) AS n FROM review WHERE status = 'pending' AND agent = ?",
    );
    this.#insert = database.prepare(
      `INSERT INTO review (id, fingerprint, agent, status, expires_at, created_at, body)
       VALUES (?, ?, ?, 'pending', ?, ?, ?)`,
    );
    this.#list = database.prepare(
      `SELECT body FROM review WHERE status = 'pending' AND expires_at > ?
       ORDER BY created_at, id LIMIT ?`,
    );
  }

  async request(review: Review): ReturnType<ReviewStore["request"]> {
    try {
      return { kind: "stored", review: this.#inTransaction(() => this.#storeOrFind(review)) };
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      return { kind: "unreachable", cause };
    }
  }

  async pending(limit: number): Promise<readonly Review[]> {
    return this.#list.all(this.#now(), limit).map((row) => readReview(row["body"]));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #storeOrFind(review: Review): Review {
    const { id, fingerprint, principal, expiresAt, createdAt } = review;
    this.#expire.run(createdAt);
    this.#prune.run(createdAt - KEEP_EXPIRED_MS);
    const row = this.#find.get(fingerprint);
    if (row !== undefined) return readReview(row["body"]);
    if (Number(this.#count.get(principal.agent)?.["n"]) >= PENDING_REVIEWS_MAX) {
      throw new RangeError(`${PENDING_REVIEWS_MAX} reviews of ${principal.agent} wait already`);
    }
    const body = JSON.stringify(review);
    if (body.length > REVIEW_CHARS_MAX) {
      throw new RangeError(`a call of ${body.length} characters is too large to be reviewed`);
    }
    this.#insert.run(id, fingerprint, principal.agent, expiresAt, createdAt, body);
    return review;
  }

  /** Another worker may ask for the same call at the same moment: one of them writes. */
  #inTransaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Our own row: what `JSON.stringify` left out was undefined, and reads as undefined again. */
function readReview(body: SQLOutputValue | undefined): Review {
  const review: Review = JSON.parse(String(body));
  return review;
}
