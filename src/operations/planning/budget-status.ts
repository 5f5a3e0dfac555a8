/** What is left of the budgets that bind an agent, as far as they can be told without a call. */
import type { Action } from "../../core/action.ts";
import { holdsFor, type Amounts } from "../../core/money/holds.ts";
import type { Budget, BudgetBalance, Hold } from "../../core/money/budget.ts";
import type { Principal } from "../../core/principal.ts";
import type { Charge } from "../../core/decision.ts";
import type { Instant } from "../../core/units.ts";
import type { Ports } from "../../pipeline/stages.ts";

export interface BudgetState {
  readonly budget: Budget;
  readonly spent: number;
  readonly held: number;
  /** Never below zero, also where there is debt. */
  readonly left: number;
  readonly resetsAt: Instant | undefined;
}

export type BudgetReport =
  | { readonly kind: "known"; readonly states: readonly BudgetState[] }
  | { readonly kind: "unreachable" };

/** The least there is of everything: it only says where the money would be taken from. */
const LEAST: Amounts = { nanoUsd: 1, inputTokens: 1, outputTokens: 1, calls: 1 };

/** `action`: budgets that are kept for each tool, model or upstream are looked up for this one. */
export async function budgetStatus(
  principal: Principal,
  action: Action,
  charges: readonly Charge[],
  { budgets, now }: Pick<Ports, "budgets" | "now">,
): Promise<BudgetReport> {
  const metered = charges.map(({ budget }) => ({ kind: "metered", budget }) as const);
  const holds = holdsFor(metered, principal, action, now(), LEAST).map(({ hold }) => hold);
  if (holds.length === 0) return { kind: "known", states: [] };
  const keys = holds.flatMap(({ key, trailing }) => [key, ...trailing]);
  const balances = await budgets.balances([...new Set(keys)]);
  if (balances.length === 0) return { kind: "unreachable" };
  const byKey = new Map(balances.map((balance) => [balance.key, balance]));
  return { kind: "known", states: holds.map((hold) => stateOf(hold, byKey)) };
}

function stateOf(
  { budget, key, trailing, resetsAt }: Hold,
  balances: ReadonlyMap<string, BudgetBalance>,
): BudgetState {
  let spent = 0;
  let held = 0;
  for (const one of [key, ...trailing]) {
    const balance = balances.get(one);
    spent += balance?.spent ?? 0;
    held += balance?.held ?? 0;
  }
  return { budget, spent, held, left: Math.max(0, budget.limit - spent - held), resetsAt };
}
