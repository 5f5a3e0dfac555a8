/** When an override of the operator's holds, and when that changes next. */
import type { PriceOverride } from "./price-overlay.ts";

/** A stretch of time, its end not in it. */
export interface Period {
  readonly from: number;
  readonly until: number;
}

export const ALWAYS: Period = { from: -Infinity, until: Infinity };

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export function isInForce({ from, until, hours }: PriceOverride, at: number): boolean {
  if (from !== undefined && at < Date.parse(from)) return false;
  if (until !== undefined && at >= Date.parse(until)) return false;
  if (hours === undefined) return true;
  const start = timeOfDay(hours.from);
  const end = timeOfDay(hours.until);
  const now = at % DAY_MS;
  return start <= end ? now >= start && now < end : now >= start || now < end;
}

/** The stretch round `at` in which none of the overrides begins or ends to hold. */
export function periodRound(overrides: readonly PriceOverride[], at: number): Period {
  let { from, until } = ALWAYS;
  for (const override of overrides) {
    for (const boundary of boundariesOf(override, at)) {
      if (boundary <= at) from = Math.max(from, boundary);
      else until = Math.min(until, boundary);
    }
  }
  return { from, until };
}

export function overlap(a: Period, b: Period): Period {
  return { from: Math.max(a.from, b.from), until: Math.min(a.until, b.until) };
}

function boundariesOf({ from, until, hours }: PriceOverride, at: number): readonly number[] {
  const dates = [from, until].flatMap((date) => (date === undefined ? [] : Date.parse(date)));
  if (hours === undefined) return dates;
  const midnight = Math.floor(at / DAY_MS) * DAY_MS;
  const daily = [hours.from, hours.until].flatMap((time) => {
    const today = midnight + timeOfDay(time);
    return [today - DAY_MS, today, today + DAY_MS];
  });
  return [...dates, ...daily];
}

function timeOfDay(text: string): number {
  const [hours = "", minutes = ""] = text.split(":");
  return (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
}
