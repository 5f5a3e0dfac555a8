/** The money and tokens that came with a session: budgets of its own, on top of the rules'. */
import type { AgentSession } from "../identity/agent-session.ts";
import type { Budget, BudgetUnit } from "../money/budget.ts";
import { budgetPrefix } from "../money/holds.ts";
import { escapePart } from "../money/instance.ts";
import { id, type BudgetId } from "../units.ts";

const MONEY: BudgetId = id("session");
const TOKENS: BudgetId = id("session-tokens");

export function pursesOf({ spendLimit, tokenLimit }: AgentSession): readonly Budget[] {
  return [
    ...(spendLimit === undefined ? [] : [purse(MONEY, "nano_usd", spendLimit)]),
    ...(tokenLimit === undefined ? [] : [purse(TOKENS, "tokens", tokenLimit)]),
  ];
}

function purse(name: BudgetId, unit: BudgetUnit, limit: number): Budget {
  return {
    id: name,
    unit,
    limit,
    per: ["agent", "session"],
    only: [],
    window: { kind: "session" },
    notifyAt: [],
    onExceed: { kind: "deny" },
    tellsAgent: false,
  };
}

/** Where the budget store counts a purse: the key that its holds have. */
export function purseKey({ id: budget }: Budget, session: AgentSession): string {
  const agent = escapePart(session.agent);
  const own = `${agent}/${escapePart(session.id)}`;
  return `${budgetPrefix(session.tenant, budget)}${agent},${own}|session:${own}`;
}
