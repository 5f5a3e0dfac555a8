import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RateLimit } from "../../src/core/decision.ts";
import { REFILLS_OWED_MAX } from "../../src/core/money/gcra.ts";
import type { RateClaim, RateStore } from "../../src/core/money/rate.ts";
import { id, millis } from "../../src/core/units.ts";
import { exchangeId } from "../support/budget-holds.ts";

const START = 1_780_000_000_000;
const MINUTE_MS = 60_000;
const NONE = { tokens: 0, nanoUsd: 0 };

/** How the suite gets at one kind of store. `settled`: what nobody waits for has been done. */
export interface RateStorePlace extends AsyncDisposable {
  open(clock: () => number): RateStore & { settled(): Promise<void> };
}

type Counts = Extract<RateLimit, { kind: "rate" }>["counts"];

export function rateClaim(
  allowance: number,
  { per = MINUTE_MS, key = "r", counts = "requests" as Counts, amount = 1 } = {},
): RateClaim {
  const rule = id<never>(key);
  const limit = {
    kind: "rate",
    rule,
    counts,
    allowance,
    per: millis(per),
    scope: "agent",
  } as const;
  return { limit, key: `acme|${key}|${counts}/${per}|agent:a`, amount };
}

export function placeClaim(allowance: number, key = "p"): RateClaim {
  const limit = { kind: "places", rule: id<never>(key), allowance, scope: "agent" } as const;
  return { limit, key: `acme|${key}|places|agent:a`, amount: 1 };
}

/** What every store of rates must do, whatever is behind it. */
export function rateStoreSuite(name: string, newPlace: () => Promise<RateStorePlace>): void {
  describe(`${name} as a rate store`, () => {
    async function withStore(
      test: (given: {
        store: ReturnType<RateStorePlace["open"]>;
        clock: { at: number };
        place: RateStorePlace;
        take: (...claims: RateClaim[]) => Promise<string>;
      }) => Promise<void>,
    ): Promise<void> {
      await using place = await newPlace();
      const clock = { at: START };
      const store = place.open(() => clock.at);
      let next = 0;
      const take = async (...claims: RateClaim[]): Promise<string> => {
        next += 1;
        return (await store.take(exchangeId(`t${next}`), claims)).kind;
      };
      await test({ store, clock, place, take });
    }

    it("lets a whole allowance through at once, then says how long to wait", () =>
      withStore(async ({ store, clock, take }) => {
        const claim = rateClaim(60);
        for (let n = 0; n < 60; n += 1) expect(await take(claim)).toBe("taken");
        expect(await store.take(exchangeId("late"), [claim])).toMatchObject({
          kind: "empty",
          claim,
          retryIn: 1000,
        });
        clock.at += 999;
        expect(await take(claim)).toBe("empty");
        clock.at += 1;
        expect(await take(claim)).toBe("taken");
        expect(await take(claim)).toBe("empty");
      }));

    it("says what is left and when all of it is back", () =>
      withStore(async ({ store, clock }) => {
        const claim = rateClaim(60);
        const reply = await store.take(exchangeId(1), [claim]);
        expect(reply).toEqual({
          kind: "taken",
          standings: [{ claim, left: 59, resetsIn: 1000 }],
        });
        clock.at += 500;
        const next = await store.take(exchangeId(2), [claim, placeClaim(3)]);
        expect(next).toMatchObject({ standings: [{ left: 58, resetsIn: 1500 }, { left: 2 }] });
      }));

    it("counts each key for itself", () =>
      withStore(async ({ take }) => {
        expect(await take(rateClaim(1))).toBe("taken");
        expect(await take(rateClaim(1))).toBe("empty");
        expect(await take(rateClaim(1, { key: "s" }))).toBe("taken");
        expect(await take(rateClaim(1, { per: 1000 }))).toBe("taken");
      }));

    it("takes from every limit or from none", () =>
      withStore(async ({ store, take }) => {
        const wide = rateClaim(2, { key: "wide" });
        const narrow = rateClaim(1, { key: "narrow" });
        const places = placeClaim(9);
        expect(await take(places, wide, narrow)).toBe("taken");
        const refused = await store.take(exchangeId("x"), [places, wide, narrow]);
        expect(refused).toMatchObject({ kind: "empty", claim: narrow });
        expect(await take(wide)).toBe("taken");
        expect(await take(wide)).toBe("empty");
        const eighth = await store.take(exchangeId("y"), [places]);
        expect(eighth).toMatchObject({ standings: [{ left: 7 }] });
      }));

    it("frees a place when its exchange ends, once", () =>
      withStore(async ({ store, take }) => {
        const places = placeClaim(2);
        await store.take(exchangeId(1), [places]);
        await store.take(exchangeId(2), [places]);
        expect(await store.take(exchangeId(3), [places])).toMatchObject({
          kind: "empty",
          retryIn: 1000,
        });
        store.end(exchangeId(1), NONE);
        store.end(exchangeId(1), NONE);
        store.end(exchangeId("never"), NONE);
        await store.settled();
        expect(await take(places)).toBe("taken");
        expect(await take(places)).toBe("empty");
      }));

    it("gives back what was taken and not used", () =>
      withStore(async ({ store, take }) => {
        const half = rateClaim(100, { counts: "tokens", amount: 50 });
        await store.take(exchangeId(1), [half]);
        await store.take(exchangeId(2), [half]);
        expect(await take(half)).toBe("empty");
        store.end(exchangeId(1), { tokens: 0, nanoUsd: 0 });
        await store.settled();
        expect(await take(half)).toBe("taken");
        expect(await take(half)).toBe("empty");
      }));

    it("lets one call beyond the whole allowance go alone, and has the others wait for it", () =>
      withStore(async ({ store, clock, take }) => {
        const huge = rateClaim(100, { counts: "nano_usd", amount: 100_000 });
        const small = rateClaim(100, { counts: "nano_usd", amount: 1 });
        expect(await take(small)).toBe("taken");
        expect(await take(huge)).toBe("empty");
        clock.at += MINUTE_MS;
        await store.take(exchangeId("huge"), [huge]);
        expect(await take(small)).toBe("empty");
        store.end(exchangeId("huge"), { tokens: 0, nanoUsd: 300 });
        await store.settled();
        clock.at += 2 * MINUTE_MS;
        expect(await take(small)).toBe("empty");
        clock.at += MINUTE_MS;
        expect(await take(small)).toBe("taken");
      }));

    it("waits for what is owed, but not for ever", () =>
      withStore(async ({ store, clock, take }) => {
        const claim = rateClaim(10, { counts: "tokens", amount: 10 });
        await store.take(exchangeId("absurd"), [claim]);
        store.end(exchangeId("absurd"), { tokens: Number.MAX_SAFE_INTEGER, nanoUsd: 0 });
        await store.settled();
        clock.at += (REFILLS_OWED_MAX - 1) * MINUTE_MS;
        expect(await take(claim)).toBe("empty");
        clock.at += MINUTE_MS;
        expect(await take(claim)).toBe("taken");
      }));

    it("admits exactly 100 of 200 parallel callers where 100 fit", () =>
      withStore(async ({ store, clock, place }) => {
        const other = place.open(() => clock.at);
        const claims = [rateClaim(100), placeClaim(150)];
        const replies = await Promise.all(
          Array.from({ length: 200 }, async (_, n) => store.take(exchangeId(n), claims)),
        );
        expect(replies.filter(({ kind }) => kind === "taken")).toHaveLength(100);
        await other.settled();
      }));

    it("admits no more than the allowance and what came back since, at any time", () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 1, max: 20_000 }),
          fc.array(fc.record({ wait: fc.nat(5000), amount: fc.integer({ min: 1, max: 25 }) }), {
            maxLength: 25,
          }),
          async (allowance, per, steps) => {
            await withStore(async ({ store, clock }) => {
              let taken = 0;
              for (const [n, { wait, amount }] of steps.entries()) {
                clock.at += wait;
                const claim = rateClaim(allowance, { per, counts: "tokens", amount });
                const reply = await store.take(exchangeId(n), [claim]);
                if (reply.kind === "taken") taken += Math.min(amount, allowance);
                const back = ((clock.at - START) / per) * allowance;
                expect(taken).toBeLessThanOrEqual(allowance + back + 1e-3);
                if (reply.kind !== "empty") continue;
                clock.at += reply.retryIn;
                expect((await store.take(exchangeId(`${n}b`), [claim])).kind).toBe("taken");
                taken += Math.min(amount, allowance);
              }
            });
          },
        ),
        { numRuns: 60 },
      ));
  });
}
