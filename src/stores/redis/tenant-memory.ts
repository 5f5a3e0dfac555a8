import type { Hold } from "../../core/money/budget.ts";
import type { AttemptId } from "../../core/units.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** Balances of one tenant that a process remembers; the least recently used are forgotten. */
const BALANCES_MAX = 10_000;
/** Live attempts that are told again after a loss; more than a process has exchanges in flight. */
const ATTEMPTS_MAX = 65_536;
/** So long after its end a dead lease is certainly spend in Redis, a few of them with every call. */
const SWEPT_WITHIN_MS = 60_000;
/** Dead attempts looked at with each new one: more than become dead meanwhile. */
const LOOKED_AT_MAX = 8;

interface KnownBalance {
  readonly spent: number;
  /** When Redis last said so, in ms of the memory's clock. */
  readonly seenAt: number;
  /** Milliseconds since the epoch; empty: for ever. */
  readonly keep: number | "";
}

interface LiveAttempt {
  readonly holds: readonly Hold[];
  readonly lease: number;
  /** When it ended in Redis at the latest, in ms of the memory's clock. */
  readonly until: number;
}

/**
 * What this process last saw of one tenant's money: enough to tell it again to a Redis that came back
 * empty, so that a lost memory is no fresh budget.
 */
export class TenantMemory {
  /** Name of the memory in Redis that this is about; empty before the first meeting. */
  epoch = "";
  readonly #now: () => number;
  readonly #balances = new Map<string, KnownBalance>();
  /** Live or dead and not seen as spend yet; the oldest first. */
  readonly #live = new Map<AttemptId, LiveAttempt>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Attempts whose lease still runs. */
  get live(): number {
    const now = this.#now();
    let count = 0;
    for (const { until } of this.#live.values()) if (until > now) count += 1;
    return count;
  }

  sawSpent(key: string, spent: number, keepUntil?: number): void {
    const keep = keepUntil ?? this.#balances.get(key)?.keep ?? "";
    keepRecent(this.#balances, key, { spent, keep, seenAt: this.#now() }, BALANCES_MAX);
  }

  holds(attempt: AttemptId, holds: readonly Hold[], lease: number): void {
    this.#expire();
    if (this.#live.size >= ATTEMPTS_MAX) return;
    this.#live.set(attempt, { holds, lease, until: this.#now() + lease });
  }

  resized(attempt: AttemptId, holds: readonly Hold[], lease: number): void {
    const before = this.#live.get(attempt);
    if (before === undefined) return;
    const now = before.holds.map((hold) => holds.find(({ key }) => key === hold.key) ?? hold);
    this.#live.delete(attempt);
    this.#live.set(attempt, { holds: now, lease, until: this.#now() + lease });
  }

  ended(attempt: AttemptId): void {
    this.#live.delete(attempt);
  }

  /** For the RESTORE script, from ARGV[4] on. */
  told(): (string | number)[] {
    const args: (string | number)[] = [this.#balances.size];
    for (const [key, { spent, keep }] of this.#balances) args.push(key, spent, keep);
    for (const [attempt, { holds, lease }] of this.#live) {
      args.push(attempt, lease, holds.length);
      for (const { key, amount, keepUntil } of holds) args.push(key, amount, keepUntil ?? "");
    }
    return args;
  }

  /**
   * A lease that died became spend in Redis. Once a sum since then was seen it has that in it; until
   * then the attempt is told as it was, for what replicas know to be spent is never added up.
   */
  #expire(): void {
    const before = this.#now() - SWEPT_WITHIN_MS;
    for (let n = 0; n < LOOKED_AT_MAX; n += 1) {
      const [oldest] = this.#live;
      if (oldest === undefined || oldest[1].until > before) return;
      const [attempt, known] = oldest;
      this.#live.delete(attempt);
      if (!known.holds.every(({ key }) => this.#sawSince(key, known.until + SWEPT_WITHIN_MS))) {
        this.#live.set(attempt, known);
      }
    }
  }

  #sawSince(key: string, at: number): boolean {
    return (this.#balances.get(key)?.seenAt ?? 0) > at;
  }
}
