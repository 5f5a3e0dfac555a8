import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  counted,
  current,
  fullWindow,
  standingsOf,
  type Quota,
  type QuotaCounts,
} from "../../../src/core/identity/quota.ts";
import { instant } from "../../../src/core/units.ts";

const at = (text: string) => instant(Date.parse(text));

/** Takes at these times; says which were let through. */
function takeAll(quota: Quota, times: readonly number[]): readonly boolean[] {
  let counts: QuotaCounts = {};
  return times.map((time) => {
    const now = current(counts, instant(time));
    const full = fullWindow(standingsOf(quota, now));
    counts = full === undefined ? counted(now) : now;
    return full === undefined;
  });
}

describe("a quota", () => {
  it("gives the whole allowance of a minute from its first request on", () => {
    const begin = at("2026-11-21T12:00:59.900Z");
    const times = Array.from({ length: 121 }, (_, i) => begin + i * 10);
    const let120 = takeAll({ minute: 120 }, [...times, begin + 60_000]);
    expect(let120.slice(0, 120)).not.toContain(false);
    expect(let120.slice(120)).toEqual([false, true]);
  });

  it("counts months by the calendar, in UTC, also over the year's end", () => {
    const times = ["2026-12-31T23:59:59Z", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"];
    expect(takeAll({ month: 1 }, times.map(Date.parse))).toEqual([true, false, true]);
    const december = current({}, at("2026-12-05T00:00:00Z"));
    expect(standingsOf({ month: 1 }, december)[2]?.resetsAt).toBe(at("2027-01-01T00:00:00Z"));
  });

  it("names the window that is full the longest", () => {
    const now = at("2026-11-21T12:00:00Z");
    const counts = counted(current({}, now));
    expect(fullWindow(standingsOf({ minute: 1, hour: 1 }, counts))?.window).toBe("hour");
    expect(fullWindow(standingsOf({ minute: 1, hour: 2 }, counts))?.window).toBe("minute");
    expect(fullWindow(standingsOf({}, counts))).toBeUndefined();
  });

  it("makes nobody wait for a clock that was set back", () => {
    const now = at("2026-11-21T12:00:00Z");
    expect(takeAll({ minute: 1 }, [now, now - 3_600_000])).toEqual([true, true]);
  });

  it("never lets more through in any minute than two allowances", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 5 }), (steps, minute) => {
        let time = at("2026-11-21T12:00:00Z") as number;
        const times = steps.map((step) => (time += step));
        const passed = takeAll({ minute }, times);
        for (const [i, start] of times.entries()) {
          const inMinute = times.filter((t, j) => j >= i && passed[j] && t < start + 60_000);
          expect(inMinute.length).toBeLessThanOrEqual(2 * minute);
        }
      }),
    );
  });
});
