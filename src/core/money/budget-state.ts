/** How one instance of a budget stands, for people and programs that look at it. */
import { instant, type Instant } from "../units.ts";
import type { Budget, BudgetBalance, Hold } from "./budget.ts";
import { turnOf } from "./holds.ts";
import { unescapePart } from "./instance.ts";
import { turnAt } from "./window.ts";

export interface BudgetState {
  readonly budget: Budget;
  /** As the key has it; `all` where the budget has one instance. */
  readonly instance: string;
  /** Key of the present turn: what is spent now is counted there. */
  readonly key: string;
  /** Earlier slices of a rolling window. */
  readonly trailing: readonly string[];
  readonly keepUntil: Instant | undefined;
  readonly spent: number;
  readonly held: number;
  /** What a call may still use; never negative. */
  readonly left: number;
  /** Spent above the limit. */
  readonly debt: number;
  readonly resetsAt: Instant | undefined;
  /** Undefined where the window has no beginning or end to reckon with. */
  readonly forecast: Forecast | undefined;
}

/** If the rest of the window goes on as it began. */
export interface Forecast {
  readonly spentAtEnd: number;
  /** When the limit is reached; undefined: not in this window. */
  readonly exhaustedAt: Instant | undefined;
}

interface KeyParts {
  readonly instance: string;
  readonly turn: string;
}

/** The way back of `tenant|budget|instance|turn`. */
function partsOf(key: string): KeyParts {
  const [, , instance = "", turn = ""] = key.split("|");
  return { instance, turn };
}

/** For people: `support-bot`, `crm/read_user`, `support,gpt-4o`. */
export function instanceName(instance: string): string {
  return unescapePart(instance);
}

/** States of what is in its present turn; balances of turns gone by are left out. */
export function statesOf(
  budget: Budget,
  balances: readonly BudgetBalance[],
  now: Instant,
): readonly BudgetState[] {
  const known = new Map(balances.map((balance) => [balance.key, balance]));
  const states: BudgetState[] = [];
  const seen = new Set<string>();
  for (const { key } of balances) {
    const prefix = prefixOf(budget, key);
    if (seen.has(prefix)) continue;
    seen.add(prefix);
    const turn = turnOf(budget, prefix, now);
    const place = budget.window.kind === "session" ? { ...turn, key } : turn;
    if ([place.key, ...place.trailing].some((one) => known.has(one))) {
      states.push(stateOf(budget, place, known, now));
    }
  }
  return states;
}

/** All of a key but its turn; a session's turn is its instance. */
function prefixOf({ window }: Budget, key: string): string {
  return window.kind === "session" ? key : key.slice(0, key.lastIndexOf("|") + 1);
}

export function stateOf(
  budget: Budget,
  place: Pick<Hold, "key" | "trailing" | "resetsAt" | "keepUntil">,
  known: ReadonlyMap<string, BudgetBalance>,
  now: Instant,
): BudgetState {
  const { key, trailing, resetsAt, keepUntil } = place;
  let spent = 0;
  let held = 0;
  for (const one of [key, ...trailing]) {
    const balance = known.get(one);
    spent += balance?.spent ?? 0;
    held += balance?.held ?? 0;
  }
  const { instance, turn } = partsOf(key);
  return {
    budget,
    instance: budget.window.kind === "session" ? `${instance},${turn}` : instance,
    key,
    trailing,
    keepUntil,
    spent,
    held,
    left: Math.max(budget.limit - spent - held, 0),
    debt: Math.max(spent - budget.limit, 0),
    resetsAt,
    forecast: forecastOf(budget, spent, now),
  };
}

function forecastOf({ window, limit }: Budget, spent: number, now: Instant): Forecast | undefined {
  if (window.kind !== "calendar") return undefined;
  const { startsAt, endsAt } = turnAt(window, now);
  const elapsed = now - startsAt;
  if (elapsed <= 0) return undefined;
  const spentAtEnd = Math.round((spent / elapsed) * (endsAt - startsAt));
  if (spent === 0 || spentAtEnd < limit) return { spentAtEnd, exhaustedAt: undefined };
  const reached = spent >= limit ? now : Math.round(startsAt + (elapsed * limit) / spent);
  return { spentAtEnd, exhaustedAt: instant(reached) };
}
