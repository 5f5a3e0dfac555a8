import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RateLimit } from "../../../src/core/decision.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import { createRateStore } from "../../../src/stores/memory/rate-store.ts";
import { PRINCIPAL } from "./money-fixtures.ts";

const START = 1_780_000_000_000;
const MINUTE_MS = 60_000;

const limit = (requests: number, per = MINUTE_MS, rule = "r"): RateLimit => ({
  rule: id(rule),
  requests,
  per: millis(per),
});
const other = { ...PRINCIPAL, agent: id<typeof PRINCIPAL.agent>("other") };

describe("the rate store", () => {
  it("lets a whole allowance through at once, then says how long to wait", () => {
    const store = createRateStore();
    const rate = limit(60);
    for (let n = 0; n < 60; n += 1) {
      expect(store.take(PRINCIPAL, [rate], instant(START)).kind).toBe("taken");
    }
    expect(store.take(PRINCIPAL, [rate], instant(START))).toEqual({
      kind: "empty",
      limit: rate,
      retryIn: 1000,
    });
    expect(store.take(PRINCIPAL, [rate], instant(START + 999)).kind).toBe("empty");
    expect(store.take(PRINCIPAL, [rate], instant(START + 1000)).kind).toBe("taken");
    expect(store.take(PRINCIPAL, [rate], instant(START + 1000)).kind).toBe("empty");
  });

  it("counts each agent and each rule for itself", () => {
    const store = createRateStore();
    const take = (who: typeof PRINCIPAL, rate: RateLimit) =>
      store.take(who, [rate], instant(START)).kind;
    expect(take(PRINCIPAL, limit(1))).toBe("taken");
    expect(take(PRINCIPAL, limit(1))).toBe("empty");
    expect(take(other, limit(1))).toBe("taken");
    expect(take(PRINCIPAL, limit(1, MINUTE_MS, "s"))).toBe("taken");
  });

  it("takes from every limit or from none", () => {
    const store = createRateStore();
    const [wide, narrow] = [limit(2, MINUTE_MS, "wide"), limit(1, MINUTE_MS, "narrow")];
    const take = (...rates: RateLimit[]) => store.take(PRINCIPAL, rates, instant(START));
    expect(take(wide, narrow).kind).toBe("taken");
    expect(take(wide, narrow)).toMatchObject({ kind: "empty", limit: narrow });
    expect(take(wide).kind).toBe("taken");
    expect(take(wide).kind).toBe("empty");
  });

  it("does not lock anybody out when the clock is set back", () => {
    const store = createRateStore();
    const rate = limit(1);
    store.take(PRINCIPAL, [rate], instant(START));
    const early = instant(START - 86_400_000);
    expect(store.take(PRINCIPAL, [rate], early)).toMatchObject({ retryIn: MINUTE_MS });
  });

  it("forgets idle counters first, and never grows past its bound", () => {
    const store = createRateStore(10);
    const rate = limit(1, 1000);
    const as = (n: number) => ({ ...PRINCIPAL, agent: id<typeof PRINCIPAL.agent>(`a${n}`) });
    for (let n = 0; n < 10; n += 1) store.take(as(n), [rate], instant(START));
    // All ten are idle by now: newcomers take their places and are counted.
    for (let n = 10; n < 20; n += 1) store.take(as(n), [rate], instant(START + 2000));
    for (let n = 10; n < 20; n += 1) {
      expect(store.take(as(n), [rate], instant(START + 2000)).kind).toBe("empty");
    }
  });

  it("admits no more than the allowance and what came back since, at any time", () => {
    const steps = fc.array(fc.nat(5000), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.nat(20_000),
        steps,
        (requests, per, waits) => {
          const store = createRateStore();
          const rate = limit(requests, per + 1);
          let now = START;
          let taken = 0;
          for (const wait of waits) {
            now += wait;
            const reply = store.take(PRINCIPAL, [rate], instant(now));
            if (reply.kind === "taken") taken += 1;
            const back = ((now - START) / rate.per) * requests;
            expect(taken).toBeLessThanOrEqual(requests + back + 1e-6);
            if (reply.kind === "taken") continue;
            const again = store.take(PRINCIPAL, [rate], instant(now + reply.retryIn));
            expect(again.kind).toBe("taken");
            taken += 1;
            now += reply.retryIn;
          }
        },
      ),
    );
  });
});
