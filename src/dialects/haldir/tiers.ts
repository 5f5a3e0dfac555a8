/** Tiers are plans under other names, with limits of their own by the hour. */
import { PLANS, type Plan } from "../../core/identity/directory-entry.ts";
import type { Meter } from "../../operations/identity/take-quota.ts";

export const TIERS = ["free", "pro", "enterprise"] as const satisfies readonly Plan[];
export type Tier = (typeof TIERS)[number];

export const METER: Meter = {
  name: "haldir",
  plans: {
    free: { hour: 100 },
    dev: { hour: 100 },
    pro: { hour: 5_000 },
    enterprise: { hour: 50_000 },
  },
};

/** The tier that a plan amounts to; people have none, and nothing is counted for them. */
export function tierOf(plan: Plan | undefined): Tier {
  const rank = plan === undefined ? PLANS.length : PLANS.indexOf(plan);
  return TIERS.findLast((tier) => PLANS.indexOf(tier) <= rank) ?? "free";
}
