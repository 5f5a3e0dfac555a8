/** The words in which stage 7 says no. */
import type { Budget, Hold } from "../core/money/budget.ts";
import type { ProviderTool } from "../core/money/demand.ts";
import { formatAmount } from "../core/money/usd.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Millis } from "../core/units.ts";
import type { Metering } from "./ask.ts";

export function priceUnknown({ provider, model, demand }: Metering): Refusal {
  const list = demand.tier === "standard" ? "" : ` in its ${demand.tier} tier`;
  return {
    code: "price_unknown",
    detail: `Nobody knows what model "${model}" of ${provider} costs${list}.`,
    remedy:
      "Use a model with a known price, or ask the operator to set one under prices.overrides " +
      "or prices.unpriced.",
  };
}

export function toolUnpriced(tool: ProviderTool, { provider, model }: Metering): Refusal {
  return {
    code: "price_unknown",
    detail:
      `The request switches on a tool that ${provider} runs and bills by itself (${tool}), and ` +
      `nobody knows what a call of it costs with model "${model}".`,
    remedy:
      "Leave the tool out, or ask the operator to price it: web_search_usd, file_search_usd or " +
      "tool_call_usd under prices.overrides.",
  };
}

export function budgetUnavailable(cause: Error): Refusal {
  return {
    code: "budget_unavailable",
    detail: "Budgets cannot be checked now, so nothing that costs may go out.",
    remedy: "Try again shortly; if it stays like this, the operator must look at the store.",
    cause,
  };
}

export function budgetExceeded(hold: Hold, left: number): Refusal {
  const { budget, amount } = hold;
  const pace = paceOf(budget);
  if (pace !== undefined) return paceExceeded(budget, pace);
  const limit = formatAmount(budget.unit, budget.limit);
  const scope = budget.per.length === 0 ? "" : ` per ${budget.per.join(" and ")}`;
  return {
    code: "budget_exceeded",
    detail:
      `Budget ${budget.id} (${limit}${scope}) has ${formatAmount(budget.unit, left)} left; ` +
      `this call may need ${formatAmount(budget.unit, amount)}. ${resetOf(hold)}.`,
    remedy:
      left > 0
        ? "Ask for less, such as fewer output tokens, or ask the operator for a higher limit."
        : "Stop here, or ask the operator for a higher limit.",
    budget: budget.id,
    status: budget.status,
  };
}

const PACE_MS_MAX = 60_000;

/** So many calls in the last minute or less are a rate: whoever waits may go on. */
function paceOf({ unit, window }: Budget): Millis | undefined {
  const isPace = unit === "calls" && window.kind === "rolling" && window.length <= PACE_MS_MAX;
  return isPace ? window.length : undefined;
}

function paceExceeded({ id, unit, limit, per }: Budget, length: Millis): Refusal {
  const scope = per.length === 0 ? "" : ` per ${per.join(" and ")}`;
  const seconds = length / 1000;
  return {
    code: "rate_limited",
    detail: `Budget ${id} allows ${formatAmount(unit, limit)} in ${seconds} s${scope}.`,
    remedy: `Wait ${seconds} s, then send the same call again.`,
    retryIn: length,
    budget: id,
  };
}

/** Said to a stream that began within its hold and went on past it. */
export function budgetUsedUp(hold: Hold): Refusal {
  const { budget } = hold;
  return {
    code: "budget_exceeded",
    detail:
      `Budget ${budget.id} (${formatAmount(budget.unit, budget.limit)}) was used up while this ` +
      `answer ran, so it ends here. ${resetOf(hold)}.`,
    remedy: "Stop here, or ask the operator for a higher limit.",
    budget: budget.id,
    status: budget.status,
  };
}

function resetOf({ budget, resetsAt }: Hold): string {
  if (resetsAt !== undefined) return `It resets at ${new Date(resetsAt).toISOString()}`;
  return budget.window.kind === "rolling"
    ? `It frees what was used ${budget.window.length / 1000} s ago`
    : "It does not reset by itself";
}
