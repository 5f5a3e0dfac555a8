import type { RateLimit } from "../../core/decision.ts";
import type { RateStore } from "../../core/money/rate.ts";
import type { Principal } from "../../core/principal.ts";
import { millis, type Instant } from "../../core/units.ts";

/** Counters of all rules and agents; full ones make room for those that are in use. */
const COUNTERS_MAX = 100_000;
/** Counters looked at when a new one comes: more than one, so idle ones never pile up. */
const SWEEP_STEP = 4;
/** Float noise of an interval that is no whole number of milliseconds. */
const TOLERANCE_MS = 0.001;

/**
 * GCRA: per counter the time at which it would be empty of calls, so a limit is one number. A burst
 * of the whole allowance is fine; after that calls come back one by one.
 *
 * @see https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
export function createRateStore(countersMax: number = COUNTERS_MAX): RateStore {
  const emptyAt = new Map<string, number>();

  function arrivalOf(key: string, limit: RateLimit, now: Instant): number {
    const at = emptyAt.get(key) ?? now;
    const latest = now + limit.per;
    if (at <= latest) return Math.max(at, now);
    // The clock was set back, or the rule was changed. Kept, or calls would wait for the old time.
    emptyAt.set(key, latest);
    return latest;
  }

  function store(key: string, at: number, now: Instant): void {
    if (!emptyAt.has(key)) makeRoom(now);
    emptyAt.set(key, at);
  }

  function makeRoom(now: Instant): void {
    let looked = 0;
    for (const [key, at] of emptyAt) {
      if (looked >= SWEEP_STEP) break;
      looked += 1;
      emptyAt.delete(key);
      if (at > now) emptyAt.set(key, at);
    }
    if (emptyAt.size < countersMax) return;
    const [oldest] = emptyAt.keys();
    if (oldest !== undefined) emptyAt.delete(oldest);
  }

  return {
    take(principal, rates, now) {
      for (const limit of rates) {
        const at = arrivalOf(keyOf(principal, limit), limit, now);
        const wait = at + limit.per / limit.requests - limit.per - now;
        if (wait > TOLERANCE_MS) return { kind: "empty", limit, retryIn: millis(Math.ceil(wait)) };
      }
      for (const limit of rates) {
        const key = keyOf(principal, limit);
        store(key, arrivalOf(key, limit, now) + limit.per / limit.requests, now);
      }
      return { kind: "taken" };
    },
  };
}

function keyOf(principal: Principal, limit: RateLimit): string {
  return `${limit.rule}\n${principal.tenant}\n${principal.agent}`;
}
