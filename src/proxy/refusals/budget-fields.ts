/** What the agent is told of budgets in the head of an answer; flat `name, value, …`. */
import type { Adjustment } from "../../core/evidence.ts";
import { formatAmount } from "../../core/money/usd.ts";
import type { BudgetStanding } from "../../pipeline/reserve.ts";
import { impossible } from "../../lib/impossible.ts";

/** Structured fields (RFC 9651); amounts are strings, because they need more than three decimals. */
export function budgetFields(
  standings: readonly BudgetStanding[],
  adjustment: Adjustment | undefined,
): readonly string[] {
  const flat: string[] = [];
  if (standings.length > 0) flat.push("x-sallyport-budget", standings.map(standing).join(", "));
  if (adjustment !== undefined) flat.push("x-sallyport-adjusted", adjusted(adjustment));
  return flat;
}

function standing({ hold, left }: BudgetStanding): string {
  const { budget, resetsAt } = hold;
  const reset = resetsAt === undefined ? "" : `;reset=${Math.floor(resetsAt / 1000)}`;
  const limit = formatAmount(budget.unit, budget.limit);
  const rest = formatAmount(budget.unit, left);
  return `${quoted(budget.id)};left=${quoted(rest)};limit=${quoted(limit)}${reset}`;
}

function adjusted(made: Adjustment): string {
  const by = `;budget=${quoted(made.budget)}`;
  const cap = made.outputTokens === undefined ? "" : `;output_tokens=${made.outputTokens}`;
  switch (made.kind) {
    case "clamped":
      return `clamped${cap}${by}`;
    case "downgraded":
      return `downgraded;model=${quoted(made.to)};asked=${quoted(made.from)}${cap}${by}`;
    default:
      return impossible(made);
  }
}

/** Names come from files and clients: what a field's string may not hold becomes a question mark. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]|["\\]/g, "?")}"`;
}
