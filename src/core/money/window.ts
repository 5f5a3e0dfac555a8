import { impossible } from "../../lib/impossible.ts";
import { instant, millis, type Instant, type Millis } from "../units.ts";
import type { Window } from "./budget.ts";
import { offsetAt } from "./time-zone.ts";

type Calendar = Extract<Window, { readonly kind: "calendar" }>;

/** One turn of a window. `label` names it in keys: the same label is the same money. */
export interface WindowTurn {
  readonly label: string;
  readonly startsAt: Instant;
  /** Exclusive: the next turn starts here. */
  readonly endsAt: Instant;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DAYS_A_WEEK = 7;
const DAYS_FROM_MONDAY_TO_EPOCH = 3;
/** Skipped days and clocks set back move a boundary by at most a day either way. */
const BOUNDARY_STEPS_MAX = 3;

/** One entry per window of the policy in force; windows that are gone take their entry along. */
const turns = new WeakMap<Calendar, WindowTurn>();

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
    case "week":
      return dateTurn(window.tz, now, weekStart, "week");
    case "month":
      return dateTurn(window.tz, now, monthStart, "month");
    default:
      return impossible(window.every);
  }
}

type Rolling = Extract<Window, { readonly kind: "rolling" }>;

/** One slice of a rolling window, and the slices before it that still count. */
export interface RollingTurn {
  readonly label: string;
  readonly trailing: readonly string[];
  readonly endsAt: Instant;
}

const slices = new WeakMap<Rolling, RollingTurn>();

/**
 * The slice that holds a time. The slices that still count cover at least the window's length and
 * at most one slice more: nothing is forgotten early.
 */
export function sliceAt(window: Rolling, now: Instant): RollingTurn {
  const known = slices.get(window);
  if (known !== undefined && now < known.endsAt && now >= known.endsAt - window.slice) return known;
  const start = now - modulo(now, window.slice);
  const trailing: string[] = [];
  for (let i = 1; i <= Math.ceil(window.length / window.slice); i += 1) {
    const before = start - i * window.slice;
    if (before >= 0) trailing.push(sliceLabel(window, before));
  }
  const endsAt = instant(start + window.slice);
  const turn = { label: sliceLabel(window, start), trailing, endsAt };
  slices.set(window, turn);
  return turn;
}

/** The length is part of the name: a window that policy makes longer or finer starts anew. */
function sliceLabel({ length, slice }: Rolling, start: number): string {
  return `rolling:${length / SECOND_MS}s/${slice / SECOND_MS}s:${new Date(start).toISOString()}`;
}

/** Lengths that people read times by, in ms. */
const SLICES: readonly Millis[] = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800,
].map((seconds) => millis(seconds * SECOND_MS));
/** So many slices are read with every reservation; a window is exact to a part in so many. */
const SLICES_MAX = 30;
export const ROLLING_MIN = millis(10 * SECOND_MS);
export const ROLLING_MAX = millis(60 * DAY_MS);

/** `length` is within ROLLING_MIN and ROLLING_MAX. */
export function rollingWindow(length: Millis): Rolling {
  const slice = SLICES.find((wide) => length / wide <= SLICES_MAX) ?? millis(172_800_000);
  return { kind: "rolling", length, slice };
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

/** Weeks start on Monday (ISO 8601). The epoch was a Thursday. */
const weekStart: DateStart = (local, steps) => {
  const day = Math.floor(local / DAY_MS);
  return (
    (day - modulo(day + DAYS_FROM_MONDAY_TO_EPOCH, DAYS_A_WEEK) + steps * DAYS_A_WEEK) * DAY_MS
  );
};

const monthStart: DateStart = (local, steps) => {
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + steps, 1);
};

function dateTurn(
  tz: string,
  now: Instant,
  startOf: DateStart,
  every: "day" | "week" | "month",
): WindowTurn {
  const local = now + offsetAt(tz, now);
  for (let step = -BOUNDARY_STEPS_MAX; step <= BOUNDARY_STEPS_MAX; step += 1) {
    const end = firstInstantOf(startOf(local, step + 1), tz);
    if (now >= end) continue;
    const midnight = startOf(local, step);
    const date = new Date(midnight).toISOString().slice(0, every === "month" ? 7 : 10);
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
