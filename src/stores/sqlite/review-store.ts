/** Reviews on disk: they outlive the process, and all workers see the same ones. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { asOf } from "../../core/review/speak.ts";
import { isWaiting, type Review } from "../../core/review/review.ts";
import type { RequestReply, ReviewQuery, ReviewStore } from "../../core/review/review-store.ts";
import type { Digest, Instant, ReviewId, TenantId } from "../../core/units.ts";
import {
  PENDING_REVIEWS_MAX,
  REVIEW_KEPT_MS,
  REVIEWS_PRUNED_AT_ONCE,
  reviewText,
  tooManyReviews,
} from "../review-limits.ts";
import { errorOf } from "../../lib/caught.ts";
import { openDatabase } from "./database.ts";
import { inTransaction } from "./in-transaction.ts";
import { REVIEW_MIGRATIONS } from "./review-schema.ts";

/** How soon a change by another process is seen: one look into shared memory each. */
const WATCH_MS = 50;

const WAITS = "status IN ('pending', 'acknowledged', 'deferred')";
/** What is written down as waiting or granted is neither once its time is over. */
const STATUS_AT_1 = `CASE WHEN (${WAITS} OR status = 'approved') AND expires_at <= ?1
  THEN 'expired' ELSE status END`;

export class SqliteReviewStore implements ReviewStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof statementsOf>;
  readonly #now: () => Instant;
  readonly #watchers = new Set<(id: ReviewId | undefined) => void>();
  #watch: NodeJS.Timeout | undefined;
  #seenVersion: unknown;

  /** Throws where the file cannot be opened. `now` tells which reviews still wait. */
  constructor(path: string, now: () => Instant) {
    this.#database = openDatabase(path, REVIEW_MIGRATIONS);
    this.#statements = statementsOf(this.#database);
    this.#now = now;
  }

  async request(review: Review): Promise<RequestReply> {
    try {
      // Another worker may ask for the same call at the same moment: one of them writes.
      const stands = inTransaction(this.#database, () => this.#storeOrFind(review));
      if (stands === review) this.#tell(review.id);
      return { kind: "stored", review: stands };
    } catch (error) {
      const cause = errorOf(error);
      return { kind: "unreachable", cause };
    }
  }

  async find(tenant: TenantId, id: string): Promise<Review | undefined> {
    const row = this.#statements.find.get(id, tenant);
    return row && this.#read(row["body"]);
  }

  async list({ tenant, status, agent, after, limit }: ReviewQuery): Promise<readonly Review[]> {
    const { page } = this.#statements;
    const rows = page.all(this.#now(), tenant, status ?? null, agent ?? null, after ?? "", limit);
    return rows.map((row) => this.#read(row["body"]));
  }

  async change(after: Review, opened?: Review): Promise<boolean> {
    const isChanged = inTransaction(this.#database, () => {
      const { changes } = this.#statements.change.run(
        after.status,
        after.expiresAt,
        after.attendAt ?? null,
        after.revision,
        reviewText(after),
        after.id,
        after.revision - 1,
      );
      if (Number(changes) !== 1) return false;
      if (opened !== undefined) this.#insert(opened);
      return true;
    });
    if (isChanged) this.#tell(after.id);
    return isChanged;
  }

  async override(tenant: TenantId, fingerprint: Digest): Promise<Review | undefined> {
    const row = this.#statements.override.get(fingerprint, tenant, this.#now());
    return row && this.#read(row["body"]);
  }

  async unattended(now: Instant, limit: number): Promise<readonly Review[]> {
    const rows = this.#statements.unattended.all(now, limit);
    return rows.map((row) => parsed(row["body"]));
  }

  watch(told: (id: ReviewId | undefined) => void): Disposable {
    // Of its own, so that each watcher can leave however often the function is used.
    const watcher = (id: ReviewId | undefined): void => told(id);
    this.#watchers.add(watcher);
    this.#seenVersion = this.#version();
    this.#watch ??= setInterval(() => this.#look(), WATCH_MS).unref();
    return { [Symbol.dispose]: () => this.#leave(watcher) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watch);
    this.#database.close();
  }

  #leave(watcher: (id: ReviewId | undefined) => void): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #look(): void {
    const version = this.#version();
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#tell(undefined);
  }

  /** Changes only when another connection has written. */
  #version(): unknown {
    return this.#statements.version.get()?.["data_version"];
  }

  #tell(id: ReviewId | undefined): void {
    for (const watcher of this.#watchers) watcher(id);
  }

  #storeOrFind(review: Review): Review {
    const { fingerprint, principal, createdAt, policy } = review;
    const { expire, prune, same, count } = this.#statements;
    expire.run(createdAt, fingerprint);
    prune.run(createdAt - REVIEW_KEPT_MS);
    for (const row of same.all(fingerprint, createdAt)) {
      const found = parsed(row["body"]);
      // An answer is for the policies that asked; a review that waits serves whichever ask.
      if (isWaiting(found) || found.policy === policy) return found;
    }
    if (Number(count.get(principal.agent, createdAt)?.["n"]) >= PENDING_REVIEWS_MAX) {
      throw tooManyReviews(principal.agent);
    }
    this.#insert(review);
    return review;
  }

  #insert(review: Review): void {
    const { id, fingerprint, principal, status, expiresAt, createdAt, attendAt } = review;
    const { agent, tenant } = principal;
    const override = review.origin.kind === "override" ? 1 : 0;
    const body = reviewText(review);
    this.#statements.insert.run(
      id,
      fingerprint,
      agent,
      status,
      expiresAt,
      createdAt,
      body,
      tenant,
      review.revision,
      attendAt ?? null,
      override,
    );
  }

  #read(body: SQLOutputValue | undefined): Review {
    return asOf(parsed(body), this.#now());
  }
}

function statementsOf(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    expire: prepare(
      `UPDATE review SET status = 'expired', revision = revision + 1,
         body = json_set(body, '$.status', 'expired', '$.revision', revision + 1)
       WHERE fingerprint = ?2 AND ${WAITS} AND expires_at <= ?1`,
    ),
    prune: prepare(
      `DELETE FROM review WHERE id IN (
         SELECT id FROM review WHERE expires_at < ? LIMIT ${REVIEWS_PRUNED_AT_ONCE})`,
    ),
    same: prepare(
      `SELECT body FROM review
       WHERE fingerprint = ? AND expires_at > ?
         AND (${WAITS} OR status IN ('approved', 'denied')) AND override = 0
       ORDER BY id DESC`,
    ),
    find: prepare("SELECT body FROM review WHERE id = ? AND tenant = ?"),
    page: prepare(
      `SELECT body FROM review
       WHERE tenant = ?2 AND (?3 IS NULL OR ${STATUS_AT_1} = ?3) AND (?4 IS NULL OR agent = ?4)
         AND id > ?5 ORDER BY id LIMIT ?6`,
    ),
    count: prepare(
      `SELECT count(*) AS n FROM review WHERE ${WAITS} AND agent = ? AND expires_at > ?`,
    ),
    change: prepare(
      `UPDATE review SET status = ?, expires_at = ?, attend_at = ?, revision = ?, body = ?
       WHERE id = ? AND revision = ?`,
    ),
    insert: prepare(
      `INSERT INTO review (id, fingerprint, agent, status, expires_at, created_at, body, tenant,
         revision, attend_at, override)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    override: prepare(
      `SELECT body FROM review
       WHERE fingerprint = ? AND tenant = ? AND override = 1 AND status = 'approved'
         AND expires_at > ? ORDER BY id DESC LIMIT 1`,
    ),
    unattended: prepare(`SELECT body FROM review WHERE attend_at <= ? ORDER BY attend_at LIMIT ?`),
    version: prepare("PRAGMA data_version"),
  };
}

/** Our own row: what `JSON.stringify` left out was undefined, and reads as undefined again. */
function parsed(body: SQLOutputValue | undefined): Review {
  const review: Review = JSON.parse(String(body));
  return review;
}
