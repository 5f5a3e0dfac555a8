import { impossible } from "../../lib/impossible.ts";
import type { Action } from "../action.ts";
import type { Charge } from "../decision.ts";
import type { Principal } from "../principal.ts";
import { NANO_USD_MAX, type Instant } from "../units.ts";
import type { Budget, Hold } from "./budget.ts";
import { escapePart, instanceOf, sessionOf } from "./instance.ts";
import { turnAt } from "./window.ts";

/** Worst case of one exchange in every unit a budget can have. */
export interface Amounts {
  readonly nanoUsd: number;
  readonly tokens: number;
  readonly calls: number;
}

/** A hold, split into the part metering will correct and the part that stays as charged. */
export interface HoldLine {
  readonly hold: Hold;
  /** Undefined where no rule meters this budget. */
  readonly metered: number | undefined;
  readonly fixed: number;
}

/**
 * What to set aside, one line for each budget instance. A budget metered by several rules meters
 * the exchange once; amounts named by the call add up. Lines of nothing are left out, but for a
 * metered model that costs nothing: another model may answer in its place.
 */
export function holdsFor(
  charges: readonly Charge[],
  principal: Principal,
  action: Action,
  now: Instant,
  amounts: Amounts,
): readonly HoldLine[] {
  const lines: HoldLine[] = [];
  for (const charge of charges) {
    const key = holdKey(charge.budget, principal, action, now);
    const at = lines.findIndex(({ hold }) => hold.key === key.text);
    const known = lines[at];
    const metered = charge.kind === "metered" ? amountIn(charge.budget, amounts) : known?.metered;
    const fixed = (known?.fixed ?? 0) + (charge.kind === "amount" ? charge.amount : 0);
    const amount = Math.min((metered ?? 0) + fixed, NANO_USD_MAX);
    const hold = { budget: charge.budget, key: key.text, amount, resetsAt: key.resetsAt };
    if (known === undefined) lines.push({ hold, metered, fixed });
    else lines[at] = { hold, metered, fixed };
  }
  return lines.filter(
    ({ hold, metered }) => hold.amount > 0 || (metered !== undefined && amounts.tokens > 0),
  );
}

/** The amount in the unit of a budget. */
export function amountIn(budget: Budget, amounts: Amounts): number {
  switch (budget.unit) {
    case "nano_usd":
      return amounts.nanoUsd;
    case "tokens":
      return amounts.tokens;
    case "calls":
      return amounts.calls;
    default:
      return impossible(budget.unit);
  }
}

interface HoldKey {
  readonly text: string;
  readonly resetsAt: Instant | undefined;
}

/** `tenant|budget|instance|turn`; parts are escaped, so two different instances never meet. */
function holdKey(budget: Budget, principal: Principal, action: Action, now: Instant): HoldKey {
  const instance = instanceOf(budget.per, principal, action);
  const prefix = `${escapePart(principal.tenant)}|${escapePart(budget.id)}|${instance}|`;
  const { window } = budget;
  switch (window.kind) {
    case "calendar": {
      const turn = turnAt(window, now);
      return { text: prefix + turn.label, resetsAt: turn.endsAt };
    }
    case "session":
      return { text: `${prefix}session:${sessionOf(principal)}`, resetsAt: undefined };
    case "lifetime":
      return { text: `${prefix}lifetime`, resetsAt: undefined };
    default:
      return impossible(window);
  }
}
