/** What subscribers are told about budgets. */
import type { Hold } from "../money/budget.ts";
import type { ThresholdCrossing } from "../money/thresholds.ts";
import { id, type TenantId } from "../units.ts";
import type { Happening } from "./notification.ts";

export function budgetExhausted(hold: Hold, left: number): Happening {
  const { id: budget, unit, limit } = hold.budget;
  return {
    tenant: tenantOf(hold),
    event: "budget_exhausted",
    key: hold.key,
    subject: `budget:${budget}`,
    summary: `The budget ${budget} is used up: a call did not fit into what is left.`,
    data: { budget, instance: hold.key, unit, limit, left, asked: hold.amount },
  };
}

export function budgetThreshold({ hold, percent, spent }: ThresholdCrossing): Happening {
  const { id: budget, unit, limit } = hold.budget;
  return {
    tenant: tenantOf(hold),
    event: "budget_threshold",
    key: `${hold.key}|${percent}`,
    subject: `budget:${budget}`,
    summary: `The budget ${budget} has reached ${percent} percent.`,
    data: { budget, instance: hold.key, unit, limit, percent, spent },
  };
}

/** The first part of a balance's key; names of tenants need no escape. */
function tenantOf({ key }: Hold): TenantId {
  return id(key.slice(0, key.indexOf("|")));
}
