/** Reviews on disk: they outlive the process, and all workers see the same ones. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type {
  Review,
  ReviewAnswer,
  ReviewQuery,
  ReviewStatus,
  ReviewStore,
} from "../../core/review/review.ts";
import type { Instant, ReviewId } from "../../core/units.ts";
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
  `ALTER TABLE review ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
   CREATE INDEX review_answered ON review (fingerprint) WHERE status IN ('approved', 'denied');
   CREATE INDEX review_listed ON review (tenant, status, id);`,
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
  readonly #same: StatementSync;
  readonly #find: StatementSync;
  readonly #move: StatementSync;
  readonly #page: StatementSync;
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
      `UPDATE review SET status = 'expired', body = json_set(body, '$.status', 'expired')
       WHERE status = 'pending' AND expires_at <= ?`,
    );
    this.#prune = database.prepare(
      `DELETE FROM review WHERE id IN (
         SELECT id FROM review WHERE status <> 'pending' AND expires_at < ? LIMIT ${PRUNED_AT_ONCE})`,
    );
    this.#same = database.prepare(
      `SELECT body FROM review
       WHERE fingerprint = ? AND status IN ('pending', 'approved', 'denied') AND expires_at > ?
       ORDER BY id DESC`,
    );
    this.#find = database.prepare("SELECT body FROM review WHERE id = ?");
    this.#move = database.prepare(
      `UPDATE review SET status = ?, body = ?
       WHERE id = ? AND status = ? AND expires_at > ?`,
    );
    this.#page = database.prepare(
      `SELECT body FROM review
       WHERE tenant = ?1 AND (?2 IS NULL OR status = ?2) AND id > ?3 ORDER BY id LIMIT ?4`,
    );
    this.#count = database.prepare(
      "SELECT count(*) AS n FROM review WHERE status = 'pending' AND agent = ?",
    );
    this.#insert = database.prepare(
      `INSERT INTO review (id, fingerprint, agent, status, expires_at, created_at, body, tenant)
       VALUES (?, ?, ?, 'pending', ?, ?, ?, ?)`,
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

  async find(id: string): Promise<Review | undefined> {
    this.#expire.run(this.#now());
    const row = this.#find.get(id);
    return row && readReview(row["body"]);
  }

  async list({ status, tenant, after, limit }: ReviewQuery): Promise<readonly Review[]> {
    this.#expire.run(this.#now());
    const rows = this.#page.all(tenant, status ?? null, after ?? "", limit);
    return rows.map((row) => readReview(row["body"]));
  }

  async answer(
    id: ReviewId,
    status: "approved" | "denied",
    answer: ReviewAnswer,
  ): Promise<Review | undefined> {
    return this.#turn(id, "pending", status, answer.at, answer);
  }

  async use(id: ReviewId, now: Instant): Promise<boolean> {
    try {
      return this.#turn(id, "approved", "used", now, undefined) !== undefined;
    } catch {
      // What cannot be marked as used is not used: the call is refused.
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** One process wins: the row says what it was until it is turned. */
  #turn(
    id: ReviewId,
    from: ReviewStatus,
    status: ReviewStatus,
    now: Instant,
    answer: ReviewAnswer | undefined,
  ): Review | undefined {
    const row = this.#find.get(id);
    if (row === undefined) return undefined;
    const before = readReview(row["body"]);
    const review: Review = { ...before, status, answer: answer ?? before.answer };
    const { changes } = this.#move.run(status, JSON.stringify(review), id, from, now);
    return Number(changes) === 1 ? review : undefined;
  }

  #storeOrFind(review: Review): Review {
    const { id, fingerprint, principal, expiresAt, createdAt } = review;
    this.#expire.run(createdAt);
    this.#prune.run(createdAt - KEEP_EXPIRED_MS);
    for (const row of this.#same.all(fingerprint, createdAt)) {
      const found = readReview(row["body"]);
      // An answer is for the policies that asked; a pending review serves whichever ask.
      if (found.status === "pending" || found.policy === review.policy) return found;
    }
    if (Number(this.#count.get(principal.agent)?.["n"]) >= PENDING_REVIEWS_MAX) {
      throw new RangeError(`${PENDING_REVIEWS_MAX} reviews of ${principal.agent} wait already`);
    }
    const body = JSON.stringify(review);
    if (body.length > REVIEW_CHARS_MAX) {
      throw new RangeError(`a call of ${body.length} characters is too large to be reviewed`);
    }
    const { agent, tenant } = principal;
    this.#insert.run(id, fingerprint, agent, expiresAt, createdAt, body, tenant);
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
