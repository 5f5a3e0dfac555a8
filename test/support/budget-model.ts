import type { BudgetBalance, Hold, ReserveReply, Settlement } from "../../src/core/money/budget.ts";
import type { ExchangeId } from "../../src/core/units.ts";

interface Live {
  readonly holds: readonly Hold[];
  readonly expiresAt: number;
}

/** The budget store's contract in its plainest form: lists, and sums over them. */
export function budgetModel() {
  const firstReplies = new Map<ExchangeId, ReserveReply>();
  const open = new Map<ExchangeId, Live>();
  const settled: Settlement[] = [];

  const heldOn = (key: string, at: number, dead: boolean): number =>
    [...open.values()]
      .filter(({ expiresAt }) => expiresAt <= at === dead)
      .flatMap(({ holds }) => holds)
      .reduce((sum, hold) => sum + (hold.key === key ? hold.amount : 0), 0);
  const settledOn = (key: string): number =>
    settled.reduce((sum, line) => sum + (line.key === key ? line.amount : 0), 0);

  function balanceOf(key: string, at: number): BudgetBalance {
    return { key, spent: settledOn(key) + heldOn(key, at, true), held: heldOn(key, at, false) };
  }

  function judge(holds: readonly Hold[]): ReserveReply {
    for (const hold of holds) {
      const { spent, held } = balanceOf(hold.key, 0);
      const left = hold.budget.limit - spent - held;
      if (hold.amount > left) return { kind: "exhausted", hold, left: Math.max(left, 0) };
    }
    return { kind: "held" };
  }

  return {
    reserve(exchange: ExchangeId, holds: readonly Hold[], expiresAt: number): ReserveReply {
      const first = firstReplies.get(exchange);
      if (first !== undefined) return first;
      const reply = judge(holds);
      firstReplies.set(exchange, reply);
      if (reply.kind === "held") open.set(exchange, { holds, expiresAt });
      return reply;
    },
    settle(exchange: ExchangeId, settlements: readonly Settlement[]): void {
      const live = open.get(exchange);
      open.delete(exchange);
      if (settlements.length === 0) return;
      for (const { key, amount } of live?.holds ?? []) {
        const used = settlements.find((line) => line.key === key)?.amount ?? amount;
        settled.push({ key, amount: used });
      }
    },
    balances(keys: readonly string[], at: number): readonly BudgetBalance[] {
      return keys.map((key) => balanceOf(key, at));
    },
  };
}
