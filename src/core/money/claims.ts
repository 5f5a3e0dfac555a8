import { impossible } from "../../lib/impossible.ts";
import type { Action } from "../action.ts";
import type { Charge, RateLimit } from "../decision.ts";
import type { Principal } from "../principal.ts";
import type { Amounts } from "./holds.ts";
import { escapePart, instanceOf } from "./instance.ts";
import type { RateClaim, RateUse } from "./rate.ts";

/** What an exchange takes of its limits: one claim each, none where nothing is counted. */
export function claimsFor(
  limits: readonly RateLimit[],
  principal: Principal,
  action: Action,
  amounts: Amounts,
): readonly RateClaim[] {
  const claims: RateClaim[] = [];
  for (const limit of limits) {
    const amount = amountOf(limit, amounts);
    if (amount === 0) continue;
    const owner = `${escapePart(principal.tenant)}|${escapePart(limit.rule)}`;
    const what = limit.kind === "places" ? limit.kind : `${limit.counts}/${limit.per}`;
    const per = limit.scope === "all" ? [] : [limit.scope];
    const instance = `${limit.scope}:${instanceOf(per, principal, action)}`;
    claims.push({ limit, key: `${owner}|${what}|${instance}`, amount });
  }
  return claims;
}

function amountOf(limit: RateLimit, amounts: Amounts): number {
  if (limit.kind === "places") return 1;
  switch (limit.counts) {
    case "requests":
      return 1;
    case "tokens":
      return amounts.inputTokens + amounts.outputTokens;
    case "nano_usd":
      return amounts.nanoUsd;
    default:
      return impossible(limit.counts);
  }
}

/** What a claim came to in the end; undefined where it stands as it was taken. */
export function usedOf({ limit }: RateClaim, used: RateUse): number | undefined {
  if (limit.kind === "places") return undefined;
  switch (limit.counts) {
    case "requests":
      return undefined;
    case "tokens":
      return used.tokens;
    case "nano_usd":
      return used.nanoUsd;
    default:
      return impossible(limit.counts);
  }
}

/** Money that the call itself names: spent as much as metered cost is, however many budgets see it. */
export function namedSpend(charges: readonly Charge[]): number {
  let most = 0;
  for (const charge of charges) {
    if (charge.kind !== "amount" || charge.budget.unit !== "nano_usd") continue;
    most = Math.max(most, charge.amount);
  }
  return most;
}
