import type {
  AssignReply,
  Assignment,
  BalancePage,
  BudgetBalance,
  BudgetStore,
  Hold,
  LiveHold,
  ReserveReply,
  ResizeReply,
  Settlement,
  SettleReply,
} from "../../core/money/budget.ts";
import type { AttemptId, Instant, Millis } from "../../core/units.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { ADVANCE_LEASE, Advance } from "./advance.ts";
import { isOutage, type OutageCount } from "./outage-policy.ts";

/** Balances with something set aside; others are closed while the store is away. */
const ADVANCES_MAX = 1000;
const TIDY_MS = ADVANCE_LEASE / 4;
/** A balance that nobody asked for so long needs nothing set aside. */
const IDLE_MS = ADVANCE_LEASE;

/**
 * Budgets of which this replica sets a small part aside for itself while the store can be asked. When
 * it cannot, calls go on that part and no further, so that no budget is overspent.
 */
export class DegradedBudgets implements BudgetStore, OutageCount, AsyncDisposable {
  letThrough = 0;
  readonly #store: BudgetStore;
  readonly #share: number;
  readonly #now: () => Instant;
  readonly #advances = new Map<string, Advance>();
  /** Attempts that go on advances. */
  readonly #own = new Map<AttemptId, readonly Hold[]>();
  readonly #timer: NodeJS.Timeout;

  /** `share`: percent of each limit. */
  constructor(store: BudgetStore, share: number, now: () => Instant) {
    this.#store = store;
    this.#share = share;
    this.#now = now;
    this.#timer = setInterval(() => void this.#tidy(), TIDY_MS).unref();
  }

  async reserve(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ReserveReply> {
    const reply = await this.#store.reserve(attempt, holds, lease);
    if (reply.kind === "unreachable") {
      return isOutage(reply.cause) && this.#goesOnAdvances(attempt, holds)
        ? { kind: "held", used: holds.map(({ amount }) => amount) }
        : reply;
    }
    const fits = reply.kind === "held";
    for (const hold of holds) this.#tend(hold, fits);
    return reply;
  }

  async resize(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ResizeReply> {
    const before = this.#own.get(attempt);
    if (before === undefined) return this.#store.resize(attempt, holds, lease);
    for (const { key, amount } of before) {
      const wanted = holds.find((hold) => hold.key === key);
      const growth = (wanted?.amount ?? amount) - amount;
      if (wanted === undefined || growth <= 0 || this.#advances.get(key)?.fits(growth) === true) {
        continue;
      }
      return { kind: "exhausted", hold: wanted, left: 0 };
    }
    const after = before.map((hold) => holds.find(({ key }) => key === hold.key) ?? hold);
    for (const [at, { key, amount }] of before.entries()) {
      this.#advances.get(key)?.resize(amount, after[at]?.amount ?? amount);
    }
    this.#own.set(attempt, after);
    return { kind: "held", used: holds.map(({ amount }) => amount) };
  }

  async settle(attempt: AttemptId, settlements: readonly Settlement[]): Promise<SettleReply> {
    const holds = this.#own.get(attempt);
    if (holds === undefined) return this.#store.settle(attempt, settlements);
    this.#own.delete(attempt);
    for (const { key, amount } of holds) {
      const named = settlements.find((line) => line.key === key)?.amount;
      const used = settlements.length === 0 ? 0 : (named ?? amount);
      this.#advances.get(key)?.end(amount, used);
    }
    return { kind: "settled", changes: [] };
  }

  balances(keys: readonly string[]): Promise<readonly BudgetBalance[]> {
    return this.#store.balances(keys);
  }

  list(page: BalancePage): Promise<readonly BudgetBalance[] | undefined> {
    return this.#store.list(page);
  }

  holdsOn(key: string, max: number): Promise<readonly LiveHold[]> {
    return this.#store.holdsOn(key, max);
  }

  assign(assignments: readonly Assignment[]): Promise<AssignReply> {
    return this.#store.assign(assignments);
  }

  /** Gives everything back, and tells what was spent. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const advances = [...this.#advances.values()];
    this.#advances.clear();
    await Promise.all(advances.map((advance) => advance.settle(this.#store)));
  }

  #goesOnAdvances(attempt: AttemptId, holds: readonly Hold[]): boolean {
    if (!holds.every(({ key, amount }) => this.#advances.get(key)?.fits(amount) === true)) {
      return false;
    }
    for (const { key, amount } of holds) this.#advances.get(key)?.begin(amount);
    this.#own.set(attempt, holds);
    this.letThrough += 1;
    return true;
  }

  /** The store has just answered: it can hear what was spent, and set something aside if it fits. */
  #tend(hold: Hold, fits: boolean): void {
    const known = this.#advances.get(hold.key);
    if (known !== undefined) {
      known.usedAt = monotonicMillis();
      if (!known.touched || known.running > 0) return;
      this.#advances.delete(hold.key);
      void known.settle(this.#store).then(() => this.#tend(hold, fits));
      return;
    }
    const amount = Math.floor((hold.budget.limit * this.#share) / 100);
    if (!fits || amount === 0 || this.#advances.size >= ADVANCES_MAX) return;
    const advance = new Advance({ ...hold, amount });
    this.#advances.set(hold.key, advance);
    // One that does not fit stays as it is, so that it is asked for again only after a while.
    advance.take(this.#store);
  }

  async #tidy(): Promise<void> {
    const idleSince = monotonicMillis() - IDLE_MS;
    for (const [key, advance] of this.#advances) {
      const { resetsAt } = advance.hold;
      const over = resetsAt !== undefined && this.#now() >= resetsAt;
      if (advance.running > 0) continue;
      if (over || advance.usedAt < idleSince || !advance.ready) {
        this.#advances.delete(key);
        await advance.settle(this.#store);
      } else if (!(await advance.renew(this.#store))) this.#advances.delete(key);
    }
  }
}
