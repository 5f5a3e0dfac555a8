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
import { isOutage, type OutageCount } from "./outage-policy.ts";
import { OwedSpend, type ChargeableStore } from "./owed-spend.ts";

/**
 * Budgets that let everything through while their store is away, until the operator's day. What is
 * spent meanwhile is kept and charged when the store is back, above any limit.
 */
export class OpenBudgets implements BudgetStore, OutageCount, AsyncDisposable {
  letThrough = 0;
  readonly #store: ChargeableStore;
  readonly #until: number;
  readonly #now: () => Instant;
  readonly #owed: OwedSpend;
  /** Attempts that no store has heard of. */
  readonly #unheard = new Map<AttemptId, readonly Hold[]>();

  /** `until`: milliseconds since the epoch. */
  constructor(store: ChargeableStore, until: number, now: () => Instant) {
    this.#store = store;
    this.#until = until;
    this.#now = now;
    this.#owed = new OwedSpend(store);
  }

  async reserve(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ReserveReply> {
    const reply = await this.#store.reserve(attempt, holds, lease);
    if (reply.kind !== "unreachable" || !isOutage(reply.cause)) return reply;
    if (this.#now() >= this.#until) return reply;
    this.letThrough += 1;
    this.#unheard.set(attempt, holds);
    return { kind: "held", used: holds.map(({ amount }) => amount) };
  }

  async resize(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ResizeReply> {
    const before = this.#unheard.get(attempt);
    if (before === undefined) return this.#store.resize(attempt, holds, lease);
    const after = before.map((hold) => holds.find(({ key }) => key === hold.key) ?? hold);
    this.#unheard.set(attempt, after);
    return { kind: "held", used: holds.map(({ amount }) => amount) };
  }

  async settle(attempt: AttemptId, settlements: readonly Settlement[]): Promise<SettleReply> {
    const holds = this.#unheard.get(attempt);
    if (holds === undefined) return this.#store.settle(attempt, settlements);
    this.#unheard.delete(attempt);
    for (const { key, amount, keepUntil } of settlements.length === 0 ? [] : holds) {
      const used = settlements.find((line) => line.key === key)?.amount ?? amount;
      this.#owed.add(key, used, keepUntil);
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owed[Symbol.asyncDispose]();
  }
}
