import type { Hold } from "../../core/money/budget.ts";
import { NANO_USD_MAX, type AttemptId } from "../../core/units.ts";

/** Balances of one tenant that a process remembers; the least recently used are forgotten. */
const BALANCES_MAX = 10_000;
/** Live attempts that are told again after a loss; more than a process has exchanges in flight. */
const ATTEMPTS_MAX = 65_536;
/** So long after its end a dead lease is certainly spend in Redis, a few of them with every call. */
const SWEPT_WITHIN_MS = 60_000;

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
  /** In the order in which their leases end, as far as these are equally long. */
  readonly #live = new Map<AttemptId, LiveAttempt>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Attempts that are remembered. */
  get live(): number {
    return this.#live.size;
  }

  sawSpent(key: string, spent: number, keepUntil?: number): void {
    const keep = keepUntil ?? this.#balances.get(key)?.keep ?? "";
    this.#remember(key, { spent, keep, seenAt: this.#now() });
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
    this.#expire();
    const args: (string | number)[] = [this.#balances.size];
    for (const [key, { spent, keep }] of this.#balances) args.push(key, spent, keep);
    for (const [attempt, { holds, lease }] of this.#live) {
      args.push(attempt, lease, holds.length);
      for (const { key, amount, keepUntil } of holds) args.push(key, amount, keepUntil ?? "");
    }
    return args;
  }

  /** A lease that died became spend in Redis; here too, where no sum since then has it in it. */
  #expire(): void {
    const now = this.#now();
    for (const [attempt, { holds, until }] of this.#live) {
      if (until > now) return;
      this.#live.delete(attempt);
      for (const { key, amount, keepUntil } of holds) {
        const known = this.#balances.get(key);
        if (known !== undefined && known.seenAt > until + SWEPT_WITHIN_MS) continue;
        const spent = Math.min((known?.spent ?? 0) + amount, NANO_USD_MAX);
        const keep = known?.keep ?? keepUntil ?? "";
        this.#remember(key, { spent, keep, seenAt: known?.seenAt ?? 0 });
      }
    }
  }

  #remember(key: string, balance: KnownBalance): void {
    this.#balances.delete(key);
    this.#balances.set(key, balance);
    if (this.#balances.size <= BALANCES_MAX) return;
    const [oldest] = this.#balances.keys();
    if (oldest !== undefined) this.#balances.delete(oldest);
  }
}
