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
  it("is forgotten once Redis said what is spent since its lease ended", () => {
    const { clock, known } = memory();
    known.holds(attempt(1), [holdOf(KEY, 30, 1000)], LEASE);
    clock.now += LEASE + SWEPT;
    known.sawSpent(KEY, 42);
    known.holds(attempt(2), [holdOf(KEY, 7, 1000)], LEASE);
    expect(known.told()).toEqual([1, KEY, 42, "", attempt(2), LEASE, 1, KEY, 7, ""]);
  });

  it("is told as it was while no sum can have it in it", () => {
    const { clock, known } = memory();
    known.sawSpent(KEY, 5);
    known.holds(attempt(1), [holdOf(KEY, 30, 1000)], LEASE);
    clock.now += LEASE + SWEPT;
    known.holds(attempt(2), [holdOf("acme|b|other|day", 7, 1000)], LEASE);
    expect(known.told().slice(0, 4)).toEqual([1, KEY, 5, ""]);
    expect(known.told()).toContain(attempt(1));
  });

  it("stays for as long as it is renewed, whatever ends before", () => {
    const { clock, known } = memory();
    known.holds(attempt(1), [holdOf(KEY, 30, 1000)], LEASE);
    known.holds(attempt(2), [holdOf(KEY, 7, 1000)], LEASE);
    clock.now += SWEPT;
    known.resized(attempt(1), [holdOf(KEY, 40, 1000)], LEASE);
    clock.now += LEASE;
    known.sawSpent(KEY, 7);
    known.holds(attempt(3), [holdOf(KEY, 1, 1000)], LEASE);
    expect(known.told()).not.toContain(attempt(2));
    expect(known.told().slice(4, 9)).toEqual([attempt(1), LEASE, 1, KEY, 40]);
  });

  it("does not grow with calls that nobody settles", () => {
    const { clock, known } = memory();
    for (let n = 0; n < 20_000; n += 1) {
      known.holds(attempt(n), [holdOf(KEY, 1, 100_000)], LEASE);
      known.sawSpent(KEY, Math.max(0, n - LEASE / 10));
      clock.now += 10;
    }
    expect(known.live).toBe(LEASE / 10 - 1);
    const remembered = known.told().filter((one) => String(one).startsWith("exc_"));
    expect(remembered.length).toBeLessThan((LEASE + 2 * SWEPT) / 10);
  });
});
