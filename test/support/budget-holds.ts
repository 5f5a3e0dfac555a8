/** The plainest holds and settlements, for tests of the stores. */
import type { Hold, Settlement } from "../../src/core/money/budget.ts";
import { attemptId, id, type AttemptId, type ExchangeId } from "../../src/core/units.ts";

export function exchangeId(text: string | number): ExchangeId {
  return id<ExchangeId>(`exc_${text}`);
}

export function attemptOf(text: string | number): AttemptId {
  return attemptId(exchangeId(text), 1);
}

export function holdOf(key: string, amount: number, limit: number): Hold {
  return {
    key,
    amount,
    trailing: [],
    resetsAt: undefined,
    keepUntil: undefined,
    budget: {
      id: id(key),
      unit: "nano_usd",
      limit,
      per: [],
      only: [],
      window: { kind: "lifetime" },
      notifyAt: [],
      onExceed: { kind: "deny" },
      tellsAgent: false,
    },
  };
}

export function used(key: string, amount: number): Settlement {
  return { key, amount, trailing: [] };
}
