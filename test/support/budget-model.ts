import type {
  BudgetBalance,
  Hold,
  ReserveReply,
  ResizeReply,
  Settlement,
  SpendChange,
} from "../../src/core/money/budget.ts";
import type { AttemptId } from "../../src/core/units.ts";

interface Live {
  readonly holds: readonly Hold[];
  readonly expiresAt: number;
}

/** The budget store's contract in its plainest form: lists, and sums over them. */
export function budgetModel() {
  const firstReplies = new Map<AttemptId, ReserveReply>();
  const open = new Map<AttemptId, Live>();
  const settled: { readonly key: string; readonly amount: number }[] = [];

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

  function usedOf({ key, trailing }: Hold): number {
    const all = [key, ...trailing].map((one) => balanceOf(one, 0));
    return all.reduce((sum, { spent, held }) => sum + spent + held, 0);
  }

  function judge(holds: readonly Hold[], growthOf: (hold: Hold) => number) {
    for (const hold of holds) {
      const growth = growthOf(hold);
      const left = hold.budget.limit - usedOf(hold);
      if (growth > left && growth > 0) {
        return { kind: "exhausted", hold, left: Math.max(left, 0) } as const;
      }
    }
    return undefined;
  }

  return {
    reserve(attempt: AttemptId, holds: readonly Hold[], expiresAt: number): ReserveReply {
      const first = firstReplies.get(attempt);
      if (first !== undefined) return first;
      const refused = holds
        .filter((hold) => hold.amount > hold.budget.limit - usedOf(hold))
        .map((hold) => {
          const left = Math.max(hold.budget.limit - usedOf(hold), 0);
          return { kind: "exhausted", hold, left } as const;
        })[0];
      if (refused === undefined) open.set(attempt, { holds, expiresAt });
      const reply = refused ?? { kind: "held" as const, used: holds.map(usedOf) };
      firstReplies.set(attempt, reply);
      return reply;
    },
    resize(attempt: AttemptId, holds: readonly Hold[], at: number, expiresAt: number): ResizeReply {
      const live = open.get(attempt);
      if (live === undefined || live.holds.length === 0 || live.expiresAt <= at) {
        return { kind: "gone" };
      }
      const now = (key: string) => live.holds.find((hold) => hold.key === key)?.amount;
      const known = holds.filter(({ key }) => now(key) !== undefined);
      const refused = judge(known, (hold) => hold.amount - (now(hold.key) ?? 0));
      if (refused !== undefined) return refused;
      const next = live.holds.map((hold) => holds.find(({ key }) => key === hold.key) ?? hold);
      open.set(attempt, { holds: next, expiresAt });
      return { kind: "held", used: holds.map(usedOf) };
    },
    settle(attempt: AttemptId, settlements: readonly Settlement[], at: number) {
      const live = open.get(attempt);
      open.delete(attempt);
      const dead = live !== undefined && live.expiresAt <= at;
      return (live?.holds ?? []).map(({ key, amount }): SpendChange => {
        const line = settlements.find((one) => one.key === key);
        const trailing = (line?.trailing ?? []).map((one) => balanceOf(one, at).spent);
        const sum = trailing.reduce((total, spent) => total + spent, 0);
        const before = balanceOf(key, at).spent + sum + (dead ? amount : 0);
        if (settlements.length > 0) settled.push({ key, amount: line?.amount ?? amount });
        return { key, before, after: balanceOf(key, at).spent + sum };
      });
    },
    assign(key: string, spent: number, at: number): void {
      settled.push({ key, amount: spent - balanceOf(key, at).spent });
    },
    balances(keys: readonly string[], at: number): readonly BudgetBalance[] {
      return keys.map((key) => balanceOf(key, at));
    },
  };
}
