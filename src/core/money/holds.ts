import { impossible } from "../../lib/impossible.ts";
import type { Action } from "../action.ts";
import type { Charge } from "../decision.ts";
import type { Principal } from "../principal.ts";
import { instant, NANO_USD_MAX, type Instant } from "../units.ts";
import type { Budget, Hold } from "./budget.ts";
import { escapePart, instanceOf, isCharged, sessionOf } from "./instance.ts";
import { sliceAt, turnAt } from "./window.ts";

/** One exchange in every unit a budget can have; its worst case, or what it came to. */
export interface Amounts {
  readonly nanoUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
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
    if (!isCharged(charge.budget, principal, action)) continue;
    const place = placeOf(charge.budget, principal, action, now);
    const at = lines.findIndex(({ hold }) => hold.key === place.key);
    const known = lines[at];
    const metered = charge.kind === "metered" ? amountIn(charge.budget, amounts) : known?.metered;
    const fixed = (known?.fixed ?? 0) + (charge.kind === "amount" ? charge.amount : 0);
    const amount = Math.min((metered ?? 0) + fixed, NANO_USD_MAX);
    const hold = holdAt(place, charge.budget, amount);
    if (known === undefined) lines.push({ hold, metered, fixed });
    else lines[at] = { hold, metered, fixed };
  }
  return lines.filter(
    ({ hold, metered }) => hold.amount > 0 || (metered !== undefined && amounts.inputTokens > 0),
  );
}

/** The amount in the unit of a budget. */
export function amountIn(budget: Budget, amounts: Amounts): number {
  switch (budget.unit) {
    case "nano_usd":
      return amounts.nanoUsd;
    case "tokens":
      return amounts.inputTokens + amounts.outputTokens;
    case "input_tokens":
      return amounts.inputTokens;
    case "output_tokens":
      return amounts.outputTokens;
    case "calls":
      return amounts.calls;
    default:
      return impossible(budget.unit);
  }
}

/** Where a hold stands: everything of it but the amount. */
export type HoldPlace = Pick<Hold, "key" | "trailing" | "resetsAt" | "keepUntil">;

function holdAt(place: HoldPlace, budget: Budget, amount: number): Hold {
  const { key, trailing, resetsAt, keepUntil } = place;
  return { budget, key, amount, trailing, resetsAt, keepUntil };
}

const NO_TRAIL: readonly string[] = [];
const DAY_MS = 86_400_000;
/** Past turns stay readable for a month's report; those of single sessions are many, so shorter. */
const KEPT_AFTER_RESET_MS = 35 * DAY_MS;
const SESSION_KEPT_AFTER_RESET_MS = 2 * DAY_MS;
/** Windows of a session have no end of their own: they end when nobody comes back. */
const SESSION_IDLE_MS = 30 * DAY_MS;

function placeOf(budget: Budget, principal: Principal, action: Action, now: Instant): HoldPlace {
  const instance = instanceOf(budget.per, principal, action);
  const place = turnOf(budget, `${budgetPrefix(principal.tenant, budget.id)}${instance}|`, now);
  if (budget.window.kind !== "session") return place;
  return { ...place, key: place.key + sessionOf(principal) };
}

/** What all keys of one budget begin with. */
export function budgetPrefix(tenant: string, budget: string): string {
  return `${escapePart(tenant)}|${escapePart(budget)}|`;
}

/** The present turn of the instance with this prefix; a session's name is still to be added. */
export function turnOf(budget: Budget, prefix: string, now: Instant): HoldPlace {
  const { window } = budget;
  const ofSession = budget.per.some((scope) => scope === "session" || scope === "run");
  switch (window.kind) {
    case "calendar": {
      const { label, endsAt } = turnAt(window, now);
      const kept = ofSession ? SESSION_KEPT_AFTER_RESET_MS : KEPT_AFTER_RESET_MS;
      return place(prefix + label, NO_TRAIL, endsAt, instant(endsAt + kept));
    }
    case "rolling": {
      const { label, trailing, endsAt } = sliceAt(window, now);
      const kept = instant(endsAt + window.length + DAY_MS);
      const keys = trailing.map((before) => prefix + before);
      return place(prefix + label, keys, undefined, kept);
    }
    case "session":
      return place(`${prefix}session:`, NO_TRAIL, undefined, instant(now + SESSION_IDLE_MS));
    case "lifetime": {
      const kept = ofSession ? instant(now + SESSION_IDLE_MS) : undefined;
      return place(`${prefix}lifetime`, NO_TRAIL, undefined, kept);
    }
    default:
      return impossible(window);
  }
}

function place(
  key: string,
  trailing: readonly string[],
  resetsAt: Instant | undefined,
  keepUntil: Instant | undefined,
): HoldPlace {
  return { key, trailing, resetsAt, keepUntil };
}
