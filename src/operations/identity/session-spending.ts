import { done, fault, type Answer } from "../../core/fault.ts";
import type { AgentSession } from "../../core/identity/agent-session.ts";
import type { Budget, BudgetStore } from "../../core/money/budget.ts";
import { purseKey, pursesOf } from "../../core/session/purse.ts";

/** How one of a session's purses stands. */
export interface PurseState {
  readonly purse: Budget;
  readonly spent: number;
  /** By calls that run. */
  readonly held: number;
  readonly left: number;
}

export async function spendingOf(
  session: AgentSession,
  store: Pick<BudgetStore, "balances">,
): Promise<Answer<readonly PurseState[]>> {
  const purses = pursesOf(session);
  if (purses.length === 0) return done([]);
  const balances = await store.balances(purses.map((purse) => purseKey(purse, session)));
  if (balances.length === 0) return fault("unavailable", "The budget store cannot be read now.");
  const known = new Map(balances.map((balance) => [balance.key, balance]));
  return done(
    purses.map((purse) => {
      const { spent = 0, held = 0 } = known.get(purseKey(purse, session)) ?? {};
      return { purse, spent, held, left: Math.max(purse.limit - spent - held, 0) };
    }),
  );
}
