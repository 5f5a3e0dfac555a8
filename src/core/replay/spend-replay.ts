/** Budgets as recorded calls would have drawn on them, one call after the other. */
import type { Charge } from "../decision.ts";
import type { Budget, BudgetUnit } from "../money/budget.ts";
import { holdsFor, type Amounts } from "../money/holds.ts";
import { inputTokensOf, outputTokensOf } from "../money/usage.ts";
import type { RecordedCall } from "./recorded-call.ts";
import type { Replayed } from "./replay-call.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** What one budget would have seen. */
export interface BudgetTally {
  readonly budget: string;
  readonly unit: BudgetUnit;
  readonly limit: number;
  /** Calls that fitted, and what they drew in all, in the unit. */
  readonly taken: number;
  readonly spent: number;
  /** Calls that would not have fitted; `adjusted`: the budget makes them smaller instead. */
  readonly refused: number;
  readonly adjusted: number;
  /** Calls that would have drawn on it by an amount that no record holds. */
  readonly unknown: number;
}

/** Balances kept at a time: one a budget, instance and window. The oldest is forgotten first. */
const BALANCES_MAX = 100_000;

type Count = "taken" | "spent" | "refused" | "adjusted" | "unknown";

export class SpendReplay {
  readonly #balances = new Map<string, number>();
  readonly #tallies = new Map<string, { -readonly [K in keyof BudgetTally]: BudgetTally[K] }>();

  /**
   * Draws what the call came to, from all budgets or none. By what calls really cost: the gate sets
   * the worst case aside, and may refuse a little earlier.
   */
  take(call: RecordedCall, { charges, named }: Pick<Replayed, "charges" | "named">): void {
    const all: Charge[] = [...charges];
    for (const { budget } of named) {
      const hold = call.holds.find((one) => one.budget === budget.id && one.unit === budget.unit);
      if (hold === undefined) this.#count(budget, "unknown", 1);
      else all.push({ kind: "amount", budget, amount: hold.amount });
    }
    const known = all.filter((charge) => {
      const isKnown = charge.kind === "amount" || isCounted(call, charge.budget);
      if (!isKnown) this.#count(charge.budget, "unknown", 1);
      return isKnown;
    });
    const { principal, action, at } = call;
    const holds = holdsFor(known, principal, action, at, amountsOf(call)).map(({ hold }) => hold);
    const short = holds.find(({ budget, key, trailing, amount }) => {
      const before = [key, ...trailing].reduce((sum, one) => sum + this.#balance(one), 0);
      return before + amount > budget.limit;
    });
    if (short !== undefined) {
      const { kind } = short.budget.onExceed;
      this.#count(short.budget, kind === "deny" ? "refused" : "adjusted", 1);
      return;
    }
    for (const { budget, key, amount } of holds) {
      this.#add(key, amount);
      this.#count(budget, "taken", 1);
      this.#count(budget, "spent", amount);
    }
  }

  /** By budget, the one that refuses most first. */
  tallies(): readonly BudgetTally[] {
    return [...this.#tallies.values()].toSorted((a, b) => b.refused - a.refused);
  }

  #balance(key: string): number {
    return this.#balances.get(key) ?? 0;
  }

  #add(key: string, amount: number): void {
    keepRecent(this.#balances, key, this.#balance(key) + amount, BALANCES_MAX);
  }

  #count({ id, unit, limit }: Budget, count: Count, by: number): void {
    let tally = this.#tallies.get(id);
    if (tally === undefined) {
      const none = { taken: 0, spent: 0, refused: 0, adjusted: 0, unknown: 0 };
      tally = { budget: id, unit, limit, ...none };
      this.#tallies.set(id, tally);
    }
    tally[count] += by;
  }
}

/** Calls count by themselves; money and tokens are known of calls that went out and were metered. */
function isCounted({ action, cost, sent }: RecordedCall, { unit }: Budget): boolean {
  return unit === "calls" || action.kind !== "llm" || (sent && cost !== undefined);
}

function amountsOf({ cost }: RecordedCall): Amounts {
  if (cost === undefined) return { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 1 };
  const { usage } = cost;
  return {
    nanoUsd: cost.cost,
    inputTokens: inputTokensOf(usage),
    outputTokens: outputTokensOf(usage),
    calls: 1,
  };
}
