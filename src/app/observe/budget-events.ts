import { budgetExhausted, budgetThreshold } from "../../core/notify/budget-happenings.ts";
import type { Notifier } from "../../core/notify/notification.ts";
import type { Observer } from "../../pipeline/stages.ts";
import type { Log } from "./logger.ts";

/** Instances whose exhaustion was told; past it all may be told once more. */
const TOLD_MAX = 10_000;

export interface BudgetEvents extends Pick<Observer, "budgetExhausted" | "budgetThreshold"> {
  /** `budget_exhausted <budget>` and `budget_threshold <budget> <percent>`, how often. */
  readonly budgetCounts: ReadonlyMap<string, number>;
}

/** Every refusal is counted; a budget's instance is told of once in each of its turns. */
export function createBudgetEvents(log: Log, notifier: Notifier): BudgetEvents {
  const counts = new Map<string, number>();
  const told = new Set<string>();
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  return {
    budgetCounts: counts,
    budgetExhausted(hold, left) {
      const { budget, key, amount } = hold;
      count(`budget_exhausted ${budget.id}`);
      if (told.has(key)) return;
      if (told.size >= TOLD_MAX) told.clear();
      told.add(key);
      const { id, unit, limit } = budget;
      log.warn({ budget: id, instance: key, unit, limit, left, asked: amount }, "budget_exhausted");
      notifier.notify(budgetExhausted(hold, left));
    },
    budgetThreshold(crossing) {
      const { hold, percent, spent } = crossing;
      const { id, unit, limit } = hold.budget;
      count(`budget_threshold ${id} ${percent}`);
      log.warn({ budget: id, instance: hold.key, percent, unit, limit, spent }, "budget_threshold");
      notifier.notify(budgetThreshold(crossing));
    },
  };
}
