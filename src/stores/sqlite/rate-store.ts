import type { DatabaseSync } from "node:sqlite";
import type { RateLimit } from "../../core/decision.ts";
import { usedOf } from "../../core/money/claims.ts";
import { after, corrected, leftOf, REFILLS_OWED_MAX, waitFor } from "../../core/money/gcra.ts";
import type {
  RateClaim,
  RateStanding,
  RateStore,
  RateUse,
  TakeReply,
} from "../../core/money/rate.ts";
import { millis, type ExchangeId } from "../../core/units.ts";
import { changesLater, PLACE_LEASE_MS, PLACE_RENEW_MS, PLACE_RETRY_MS } from "../place-lease.ts";
import { errorOf } from "../../lib/caught.ts";
import { openDatabase } from "./database.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE rate (
     key TEXT PRIMARY KEY,
     empty_at REAL NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX rate_empty_at ON rate (empty_at);
   CREATE TABLE place (
     key TEXT NOT NULL,
     exchange TEXT NOT NULL,
     expires_at REAL NOT NULL,
     PRIMARY KEY (key, exchange)
   ) STRICT, WITHOUT ROWID;`,
];

/** Workers hold the lock for microseconds; one that holds it longer refuses instead of blocking. */
const LOCK_WAIT_MS = 50;
/** Counters that are not in use, dropped with each take. */
const SWEPT_MAX = 4;

type Rate = Extract<RateLimit, { readonly kind: "rate" }>;

/** The limits of all workers of one machine, by its wall clock. */
export class SqliteRateStore implements RateStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #now: () => number;
  /** Claims that their exchange's end changes: at most one entry for each exchange in flight. */
  readonly #live = new Map<ExchangeId, readonly RateClaim[]>();
  readonly #renewal: NodeJS.Timeout;

  /** `now`: milliseconds since the epoch. Throws where the file cannot be opened. */
  constructor(path: string, now: () => number) {
    this.#database = openDatabase(path, MIGRATIONS);
    // Counters that a crash of the machine loses are full again: not worth a wait for the disk.
    this.#database.exec(`PRAGMA synchronous=OFF; PRAGMA busy_timeout=${LOCK_WAIT_MS}`);
    this.#statements = prepareAll(this.#database);
    this.#now = now;
    this.#renewal = setInterval(() => this.#renew(), PLACE_RENEW_MS).unref();
  }

  take(exchange: ExchangeId, claims: readonly RateClaim[]): TakeReply {
    try {
      return this.#inTransaction(() => this.#take(exchange, claims));
    } catch (error) {
      const cause = errorOf(error);
      return { kind: "unreachable", cause };
    }
  }

  end(exchange: ExchangeId, used: RateUse): void {
    const claims = this.#live.get(exchange);
    if (claims === undefined) return;
    this.#live.delete(exchange);
    try {
      this.#inTransaction(() => {
        for (const claim of claims) this.#end(exchange, claim, used);
      });
    } catch {
      // What is lost is only caution: a rate refills by itself, a place has its lease.
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#renewal);
    this.#database.close();
  }

  #take(exchange: ExchangeId, claims: readonly RateClaim[]): TakeReply {
    const now = this.#now();
    this.#statements.sweep.run(now, SWEPT_MAX);
    for (const claim of claims) {
      const wait = this.#waitFor(claim, now);
      if (wait === 0) continue;
      const standings = this.#standings(claims, now);
      return { kind: "empty", claim, retryIn: millis(wait), standings };
    }
    for (const { key, limit, amount } of claims) {
      if (limit.kind === "places") this.#statements.enter.run(key, exchange, now + PLACE_LEASE_MS);
      else
        this.#statements.write.run(key, after(limit, this.#emptyAt(key, limit, now), amount, now));
    }
    if (claims.some(changesLater)) this.#live.set(exchange, claims);
    return { kind: "taken", standings: this.#standings(claims, now) };
  }

  #end(exchange: ExchangeId, claim: RateClaim, used: RateUse): void {
    const { key, limit, amount } = claim;
    if (limit.kind === "places") {
      this.#statements.leave.run(key, exchange);
      return;
    }
    const really = usedOf(claim, used);
    if (really === undefined) return;
    const now = this.#now();
    const emptyAt = this.#emptyAt(key, limit, now);
    this.#statements.write.run(key, corrected(limit, emptyAt, amount, really, now));
  }

  #waitFor({ key, limit, amount }: RateClaim, now: number): number {
    if (limit.kind === "rate") return waitFor(limit, this.#emptyAt(key, limit, now), amount, now);
    this.#statements.expire.run(key, now);
    return this.#taken(key) < limit.allowance ? 0 : PLACE_RETRY_MS;
  }

  /** A clock that was set back must not make anybody wait for the old time. */
  #emptyAt(key: string, { per }: Rate, now: number): number {
    const found = this.#statements.read.get(key)?.["empty_at"];
    return found === undefined ? now : Math.min(Number(found), now + per * REFILLS_OWED_MAX);
  }

  #taken(key: string): number {
    return Number(this.#statements.count.get(key)?.["taken"] ?? 0);
  }

  #standings(claims: readonly RateClaim[], now: number): readonly RateStanding[] {
    return claims.map((claim) => {
      const { key, limit } = claim;
      if (limit.kind === "places") {
        const left = Math.max(limit.allowance - this.#taken(key), 0);
        return { claim, left, resetsIn: millis(0) };
      }
      const emptyAt = this.#emptyAt(key, limit, now);
      const resetsIn = millis(Math.max(Math.ceil(emptyAt - now), 0));
      return { claim, left: leftOf(limit, emptyAt, now), resetsIn };
    });
  }

  #renew(): void {
    const until = this.#now() + PLACE_LEASE_MS;
    try {
      this.#inTransaction(() => {
        for (const exchange of this.#live.keys()) this.#statements.renew.run(until, exchange);
      });
    } catch {
      // The next renewal comes before the lease has ended.
    }
  }

  #inTransaction<T>(work: () => T): T {
    this.#statements.begin.run();
    try {
      const result = work();
      this.#statements.commit.run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#statements.rollback.run();
      throw error;
    }
  }
}

function prepareAll(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    read: database.prepare("SELECT empty_at FROM rate WHERE key = ?"),
    write: database.prepare(
      `INSERT INTO rate (key, empty_at) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET empty_at = excluded.empty_at`,
    ),
    sweep: database.prepare(
      "DELETE FROM rate WHERE key IN (SELECT key FROM rate WHERE empty_at <= ? LIMIT ?)",
    ),
    count: database.prepare("SELECT count(*) AS taken FROM place WHERE key = ?"),
    expire: database.prepare("DELETE FROM place WHERE key = ? AND expires_at <= ?"),
    enter: database.prepare(
      "INSERT OR REPLACE INTO place (key, exchange, expires_at) VALUES (?, ?, ?)",
    ),
    leave: database.prepare("DELETE FROM place WHERE key = ? AND exchange = ?"),
    renew: database.prepare("UPDATE place SET expires_at = ? WHERE exchange = ?"),
  };
}
