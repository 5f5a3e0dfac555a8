import type { Hold } from "../../core/money/budget.ts";
import type { AttemptId } from "../../core/units.ts";

/** Balances of one tenant that a process remembers; the least recently used are forgotten. */
const BALANCES_MAX = 10_000;
/** Live attempts that are told again after a loss; more than a process has exchanges in flight. */
const ATTEMPTS_MAX = 65_536;

interface KnownBalance {
  readonly spent: number;
  /** Milliseconds since the epoch; empty: for ever. */
  readonly keep: number | "";
}

interface LiveAttempt {
  readonly holds: readonly Hold[];
  readonly lease: number;
}

/**
 * What this process last saw of one tenant's money: enough to tell it again to a Redis that came back
 * empty, so that a lost memory is no fresh budget.
 */
export class TenantMemory {
  /** Name of the memory in Redis that this is about; empty before the first meeting. */
  epoch = "";
  readonly #balances = new Map<string, KnownBalance>();
  readonly #live = new Map<AttemptId, LiveAttempt>();

  sawSpent(key: string, spent: number, keepUntil?: number): void {
    const keep = keepUntil ?? this.#balances.get(key)?.keep ?? "";
    this.#balances.delete(key);
    this.#balances.set(key, { spent, keep });
    if (this.#balances.size <= BALANCES_MAX) return;
    const [oldest] = this.#balances.keys();
    if (oldest !== undefined) this.#balances.delete(oldest);
  }

  holds(attempt: AttemptId, holds: readonly Hold[], lease: number): void {
    if (this.#live.size < ATTEMPTS_MAX) this.#live.set(attempt, { holds, lease });
  }

  resized(attempt: AttemptId, holds: readonly Hold[], lease: number): void {
    const before = this.#live.get(attempt);
    if (before === undefined) return;
    const now = before.holds.map((hold) => holds.find(({ key }) => key === hold.key) ?? hold);
    this.#live.set(attempt, { holds: now, lease });
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
}
