/**
 * Before stage 6: nobody is asked about a call that cannot be paid whatever they answer. Only what
 * the call itself names is looked at; what is metered is stage 7's, which also sets it aside.
 */
import type { Action } from "../core/action.ts";
import type { Terms } from "../core/decision.ts";
import { holdsFor, type Amounts } from "../core/money/holds.ts";
import type { Principal } from "../core/principal.ts";
import type { Instant } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { budgetExceeded, budgetUnavailable } from "./budget-refusals.ts";
import type { Ports } from "./stages.ts";

export interface MeansInput {
  readonly now: Instant;
  readonly principal: Principal;
  readonly action: Action;
  readonly terms: Terms;
}

const UNMETERED: Amounts = { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 0 };

export async function withinMeans(
  { now, principal, action, terms }: MeansInput,
  { budgets, observer }: Pick<Ports, "budgets" | "observer">,
): Promise<Verdict<undefined>> {
  const named = terms.charges.filter(({ kind }) => kind === "amount");
  const holds = holdsFor(named, principal, action, now, UNMETERED).map(({ hold }) => hold);
  if (holds.length === 0) return PAYABLE;
  const keys = holds.flatMap(({ key, trailing }) => [key, ...trailing]);
  const balances = await budgets.balances([...new Set(keys)]);
  if (balances.length === 0) return halt(budgetUnavailable(new Error("no balance was read")));
  const used = new Map(balances.map(({ key, spent, held }) => [key, spent + held]));
  for (const hold of holds) {
    const sum = [hold.key, ...hold.trailing].reduce((all, key) => all + (used.get(key) ?? 0), 0);
    const left = Math.max(hold.budget.limit - sum, 0);
    if (hold.amount <= left) continue;
    observer.budgetExhausted(hold, left);
    return halt(budgetExceeded(hold, left));
  }
  return PAYABLE;
}

const PAYABLE = pass(undefined);
