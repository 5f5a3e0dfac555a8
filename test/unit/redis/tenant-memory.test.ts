import { describe, expect, it } from "vitest";
import { id, type AttemptId } from "../../../src/core/units.ts";
import { TenantMemory } from "../../../src/stores/redis/tenant-memory.ts";
import { holdOf } from "../../support/budget-holds.ts";

const LEASE = 1000;
const SWEPT = 61_000;
const KEY = "acme|b|bot|day";

function memory() {
  const clock = { now: 1 };
  const known = new TenantMemory(() => clock.now);
  return { clock, known };
}
const attempt = (n: number): AttemptId => id(`exc_${n}:1`);

describe("what a process remembers of a tenant's money", () => {
  it("is forgotten when its lease ends, and told as spend from then on", () => {
    const { clock, known } = memory();
    known.sawSpent(KEY, 5);
    known.holds(attempt(1), [holdOf(KEY, 30, 1000)], LEASE);
    expect(known.told()).toEqual([1, KEY, 5, "", attempt(1), LEASE, 1, KEY, 30, ""]);
    clock.now += LEASE;
    expect(known.told()).toEqual([1, KEY, 35, ""]);
    expect(known.live).toBe(0);
  });

  it("is not counted twice where Redis said what is spent since then", () => {
    const { clock, known } = memory();
    known.holds(attempt(1), [holdOf(KEY, 30, 1000)], LEASE);
    clock.now += LEASE + SWEPT;
    known.sawSpent(KEY, 42);
    expect(known.told()).toEqual([1, KEY, 42, ""]);
  });

  it("stays for as long as it is renewed, whatever ends before", () => {
    const { clock, known } = memory();
    known.holds(attempt(1), [holdOf(KEY, 30, 1000)], LEASE);
    known.holds(attempt(2), [holdOf(KEY, 7, 1000)], LEASE);
    clock.now += LEASE / 2;
    known.resized(attempt(1), [holdOf(KEY, 40, 1000)], LEASE);
    clock.now += LEASE / 2;
    expect(known.told()).toEqual([1, KEY, 7, "", attempt(1), LEASE, 1, KEY, 40, ""]);
  });

  it("does not grow with calls that nobody settles", () => {
    const { clock, known } = memory();
    for (let n = 0; n < 10_000; n += 1) {
      known.holds(attempt(n), [holdOf(KEY, 1, 1000)], LEASE);
      clock.now += 10;
    }
    expect(known.live).toBeLessThanOrEqual(LEASE / 10);
    expect(known.told().slice(0, 3)).toEqual([1, KEY, 10_000 - known.live]);
  });
});
