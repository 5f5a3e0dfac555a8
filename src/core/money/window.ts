import { impossible } from "../../lib/impossible.ts";
import { instant, type Instant } from "../units.ts";
import type { Window } from "./budget.ts";
import { hasTimeZone, offsetAt } from "./time-zone.ts";

type Calendar = Extract<Window, { readonly kind: "calendar" }>;

/** One turn of a window. `label` names it in keys: the same label is the same money. */
export interface WindowTurn {
  readonly label: string;
  readonly startsAt: Instant;
  /** Exclusive: the next turn starts here. */
  readonly endsAt: Instant;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Skipped days and clocks set back move a boundary by at most a day either way. */
const BOUNDARY_STEPS_MAX = 3;

/** One entry per window of the policy in force; windows that are gone take their entry along. */
const turns = new WeakMap<Calendar, WindowTurn>();

/** Whether a policy file may name this zone. */
export function isTimeZone(tz: string): boolean {
  return hasTimeZone(tz);
}

/**
 * The turn of a calendar window at a time. Days and months start at the zone's first local midnight,
 * or where the clock skipped it, at the moment it was skipped: turns never overlap and leave no gap.
 * Throws RangeError for an unknown zone, which policy loading has refused.
 */
export function turnAt(window: Calendar, now: Instant): WindowTurn {
  const known = turns.get(window);
  if (known !== undefined && now >= known.startsAt && now < known.endsAt) return known;
  const turn = computeTurn(window, now);
  turns.set(window, turn);
  return turn;
}

function computeTurn(window: Calendar, now: Instant): WindowTurn {
  switch (window.every) {
    case "minute":
      return evenTurn(window, now, MINUTE_MS);
    case "hour":
      return evenTurn(window, now, HOUR_MS);
    case "day":
      return dateTurn(window.tz, now, dayStart, "day");
    case "month":
      return dateTurn(window.tz, now, monthStart, "month");
    default:
      return impossible(window.every);
  }
}

/** Minutes and hours are real ones: the hour that a zone repeats in autumn is two hours. */
function evenTurn(window: Calendar, now: Instant, length: number): WindowTurn {
  const local = now + offsetAt(window.tz, now);
  const start = now - modulo(local, length);
  const label = `${window.every}:${new Date(start).toISOString()}`;
  return { label, startsAt: instant(start), endsAt: instant(start + length) };
}

/** The local date `steps` days or months after the one that holds `local`, as local midnight. */
type DateStart = (local: number, steps: number) => number;

const dayStart: DateStart = (local, steps) => (Math.floor(local / DAY_MS) + steps) * DAY_MS;

const monthStart: DateStart = (local, steps) => {
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + steps, 1);
};

function dateTurn(
  tz: string,
  now: Instant,
  startOf: DateStart,
  every: "day" | "month",
): WindowTurn {
  const local = now + offsetAt(tz, now);
  for (let step = -BOUNDARY_STEPS_MAX; step <= BOUNDARY_STEPS_MAX; step += 1) {
    const end = firstInstantOf(startOf(local, step + 1), tz);
    if (now >= end) continue;
    const midnight = startOf(local, step);
    const date = new Date(midnight).toISOString().slice(0, every === "day" ? 10 : 7);
    return {
      label: `${every}:${date}@${tz}`,
      startsAt: instant(firstInstantOf(midnight, tz)),
      endsAt: instant(end),
    };
  }
  throw new RangeError(`no ${every} of ${tz} holds ${now}`);
}

/** When a local midnight first comes; if the clock jumps over it, when the jump happens. */
function firstInstantOf(midnight: number, tz: string): number {
  const before = offsetAt(tz, midnight - DAY_MS);
  const after = offsetAt(tz, midnight + DAY_MS);
  const early = midnight - Math.max(before, after);
  const late = midnight - Math.min(before, after);
  if (early + offsetAt(tz, early) === midnight) return early;
  if (late + offsetAt(tz, late) === midnight) return late;
  return jumpBetween(early, late, tz, midnight);
}

/** The first millisecond in (early, late] whose local time is past the midnight that was skipped. */
function jumpBetween(early: number, late: number, tz: string, midnight: number): number {
  let low = early;
  let high = late;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle + offsetAt(tz, middle) >= midnight) high = middle;
    else low = middle;
  }
  return high;
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
