import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BudgetStore, Hold } from "../../src/core/money/budget.ts";
import { id, instant, millis, type ExchangeId, type Instant } from "../../src/core/units.ts";
import { budgetModel } from "../support/budget-model.ts";

const LEASE = millis(60_000);
const START = 1_780_000_000_000;

export type OpenedStore = BudgetStore & AsyncDisposable;

/** How the suite gets at one kind of store. */
export interface BudgetStorePlace extends AsyncDisposable {
  /** A handle on the place; all handles of one place see the same money. */
  open(now: () => Instant): OpenedStore;
}

export function exchangeId(text: string | number): ExchangeId {
  return id<ExchangeId>(`exc_${text}`);
}

export function holdOf(key: string, amount: number, limit: number): Hold {
  return {
    key,
    amount,
    resetsAt: undefined,
    budget: {
      id: id(key),
      unit: "nano_usd",
      limit,
      per: "all",
      window: { kind: "lifetime" },
    },
  };
}

/** What every budget store must do, whatever is behind it. */
export function budgetStoreSuite(name: string, newPlace: () => Promise<BudgetStorePlace>): void {
  describe(`${name} as a budget store`, () => {
    /** One store with a clock that the test moves. */
    async function withStore(
      test: (store: OpenedStore, clock: { at: number }, place: BudgetStorePlace) => Promise<void>,
    ): Promise<void> {
      await using place = await newPlace();
      const clock = { at: START };
      await using store = place.open(() => instant(clock.at));
      await test(store, clock, place);
    }

    async function balance(store: BudgetStore, key: string) {
      const [only] = await store.balances([key]);
      return { spent: only?.spent, held: only?.held };
    }

    it("knows nothing of a key before anything was reserved", () =>
      withStore(async (store) => {
        expect(await store.balances(["a", "b"])).toEqual([
          { key: "a", spent: 0, held: 0 },
          { key: "b", spent: 0, held: 0 },
        ]);
      }));

    it("holds an amount, and turns it into what was really used", () =>
      withStore(async (store) => {
        expect(await store.reserve(exchangeId(1), [holdOf("a", 40, 100)], LEASE)).toEqual({
          kind: "held",
        });
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 40 });
        expect(await store.settle(exchangeId(1), [{ key: "a", amount: 25 }])).toBe("settled");
        expect(await balance(store, "a")).toEqual({ spent: 25, held: 0 });
      }));

    it("admits exactly up to the limit", () =>
      withStore(async (store) => {
        await store.reserve(exchangeId(1), [holdOf("a", 99, 100)], LEASE);
        const two = holdOf("a", 2, 100);
        expect(await store.reserve(exchangeId(2), [two], LEASE)).toEqual({
          kind: "exhausted",
          hold: two,
          left: 1,
        });
        const reply = await store.reserve(exchangeId(3), [holdOf("a", 1, 100)], LEASE);
        expect(reply.kind).toBe("held");
      }));

    it("holds every amount or none", () =>
      withStore(async (store) => {
        const holds = [holdOf("a", 10, 100), holdOf("b", 11, 10), holdOf("c", 10, 100)];
        const reply = await store.reserve(exchangeId(1), holds, LEASE);
        expect(reply).toMatchObject({ kind: "exhausted", hold: { key: "b" }, left: 10 });
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 0 });
        expect(await balance(store, "c")).toEqual({ spent: 0, held: 0 });
      }));

    it("repeats its first reply when an exchange is repeated", () =>
      withStore(async (store, clock, place) => {
        const holds = [holdOf("a", 60, 100)];
        const first = store.reserve(exchangeId(1), holds, LEASE);
        const again = store.reserve(exchangeId(1), holds, LEASE);
        expect(await Promise.all([first, again])).toEqual([{ kind: "held" }, { kind: "held" }]);
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 60 });

        const refused = await store.reserve(exchangeId(2), holds, LEASE);
        expect(refused.kind).toBe("exhausted");
        await store.settle(exchangeId(1), []);
        expect(await store.reserve(exchangeId(2), holds, LEASE)).toEqual(refused);
        expect((await store.reserve(exchangeId(1), holds, LEASE)).kind).toBe("held");
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 0 });

        await store.reserve(exchangeId(3), holds, LEASE);
        await using other = place.open(() => instant(clock.at));
        expect((await other.reserve(exchangeId(3), holds, LEASE)).kind).toBe("held");
        expect(await balance(other, "a")).toEqual({ spent: 0, held: 60 });
      }));

    it("sets aside once what is asked for twice, at once or by another handle", () =>
      withStore(async (store, clock, place) => {
        const holds = [holdOf("a", 10, 100)];
        const twice = [1, 2].map(() => store.reserve(exchangeId(1), holds, LEASE));
        await Promise.all(twice);
        await using other = place.open(() => instant(clock.at));
        await other.reserve(exchangeId(1), holds, LEASE);
        expect(await balance(other, "a")).toEqual({ spent: 0, held: 10 });
      }));

    it("corrects a hold that another handle saw expire", () =>
      withStore(async (store, clock, place) => {
        await store.reserve(exchangeId(1), [holdOf("a", 40, 100)], LEASE);
        await using other = place.open(() => instant(clock.at));
        clock.at += LEASE;
        expect(await balance(other, "a")).toEqual({ spent: 40, held: 0 });
        await store.settle(exchangeId(1), [{ key: "a", amount: 15 }]);
        expect(await balance(store, "a")).toEqual({ spent: 15, held: 0 });
        await other.settle(exchangeId(1), [{ key: "a", amount: 15 }]);
        expect(await balance(other, "a")).toEqual({ spent: 15, held: 0 });
      }));

    it("settles an exchange once, however often it is told to", () =>
      withStore(async (store) => {
        await store.reserve(exchangeId(1), [holdOf("a", 40, 100)], LEASE);
        await Promise.all([
          store.settle(exchangeId(1), [{ key: "a", amount: 30 }]),
          store.settle(exchangeId(1), [{ key: "a", amount: 30 }]),
        ]);
        await store.settle(exchangeId(1), [{ key: "a", amount: 7 }]);
        expect(await balance(store, "a")).toEqual({ spent: 30, held: 0 });
      }));

    it("gives everything back when nothing was used", () =>
      withStore(async (store) => {
        await store.reserve(exchangeId(1), [holdOf("a", 40, 100), holdOf("b", 1, 1)], LEASE);
        await store.settle(exchangeId(1), []);
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 0 });
        expect(await balance(store, "b")).toEqual({ spent: 0, held: 0 });
      }));

    it("keeps a hold as spend when the settlement does not name it", () =>
      withStore(async (store) => {
        await store.reserve(exchangeId(1), [holdOf("a", 40, 100), holdOf("b", 5, 10)], LEASE);
        await store.settle(exchangeId(1), [{ key: "a", amount: 1 }]);
        expect(await balance(store, "b")).toEqual({ spent: 5, held: 0 });
      }));

    it("records what was used above the hold as debt, which refuses the next call", () =>
      withStore(async (store) => {
        await store.reserve(exchangeId(1), [holdOf("a", 90, 100)], LEASE);
        await store.settle(exchangeId(1), [{ key: "a", amount: 130 }]);
        expect(await balance(store, "a")).toEqual({ spent: 130, held: 0 });
        expect(await store.reserve(exchangeId(2), [holdOf("a", 1, 100)], LEASE)).toMatchObject({
          kind: "exhausted",
          left: 0,
        });
      }));

    it("turns a hold into spend when its lease ends, and lets a late settle correct it", () =>
      withStore(async (store, clock) => {
        await store.reserve(exchangeId(1), [holdOf("a", 40, 100)], LEASE);
        clock.at += LEASE - 1;
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 40 });
        clock.at += 1;
        expect(await balance(store, "a")).toEqual({ spent: 40, held: 0 });
        const full = await store.reserve(exchangeId(2), [holdOf("a", 61, 100)], LEASE);
        expect(full.kind).toBe("exhausted");

        await store.settle(exchangeId(1), [{ key: "a", amount: 15 }]);
        await store.settle(exchangeId(1), [{ key: "a", amount: 15 }]);
        expect(await balance(store, "a")).toEqual({ spent: 15, held: 0 });
      }));

    it("ignores a settlement of an exchange or a key it never held", () =>
      withStore(async (store) => {
        await store.settle(exchangeId(9), [{ key: "a", amount: 5 }]);
        await store.reserve(exchangeId(1), [holdOf("a", 1, 10)], LEASE);
        await store.settle(exchangeId(1), [
          { key: "a", amount: 1 },
          { key: "z", amount: 5 },
        ]);
        expect(await balance(store, "a")).toEqual({ spent: 1, held: 0 });
        expect(await balance(store, "z")).toEqual({ spent: 0, held: 0 });
      }));

    it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])("takes no amount of %s", (amount) =>
      withStore(async (store) => {
        const reply = await store.reserve(exchangeId(1), [holdOf("a", amount, 100)], LEASE);
        expect(reply.kind).toBe("unreachable");
        await store.reserve(exchangeId(2), [holdOf("a", 7, 100)], LEASE);
        expect(await store.settle(exchangeId(2), [{ key: "a", amount }])).toBe("unreachable");
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 7 });
      }),
    );

    it("stays exact up to the largest amount, and never wraps past it", () =>
      withStore(async (store) => {
        const most = Number.MAX_SAFE_INTEGER;
        await store.reserve(exchangeId(1), [holdOf("a", most, most)], LEASE);
        await store.settle(exchangeId(1), [{ key: "a", amount: most }]);
        await store.reserve(exchangeId(2), [holdOf("a", 0, most)], LEASE);
        await store.settle(exchangeId(2), [{ key: "a", amount: most }]);
        expect(await balance(store, "a")).toEqual({ spent: most, held: 0 });
        const reply = await store.reserve(exchangeId(3), [holdOf("a", 1, most)], LEASE);
        expect(reply).toMatchObject({ kind: "exhausted", left: 0 });
      }));

    it("admits exactly 100 of 200 parallel callers where 100 fit", () =>
      withStore(async (store, clock, place) => {
        await using other = place.open(() => instant(clock.at));
        const replies = await Promise.all(
          Array.from({ length: 200 }, (_, n) => {
            const handle = n % 2 === 0 ? store : other;
            const holds = [holdOf("wide", 1, 1000), holdOf("a", 7, 706)];
            return handle.reserve(exchangeId(n), holds, LEASE);
          }),
        );
        expect(replies.filter(({ kind }) => kind === "held")).toHaveLength(100);
        expect(replies.filter(({ kind }) => kind === "exhausted")).toHaveLength(100);
        expect(await balance(other, "a")).toEqual({ spent: 0, held: 700 });
        expect(await balance(store, "wide")).toEqual({ spent: 0, held: 100 });
      }));

    it("keeps what it acknowledged when it is closed and opened again", async () => {
      await using place = await newPlace();
      {
        await using store = place.open(() => instant(START));
        void store.reserve(exchangeId(1), [holdOf("a", 40, 100)], LEASE);
        void store.settle(exchangeId(1), [{ key: "a", amount: 30 }]);
        void store.reserve(exchangeId(2), [holdOf("a", 5, 100)], LEASE);
      }
      await using store = place.open(() => instant(START));
      expect(await balance(store, "a")).toEqual({ spent: 30, held: 5 });
    });

    it("agrees with the model on any sequence of calls", () =>
      fc.assert(
        fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
          await withStore(async (store, clock) => {
            const model = budgetModel();
            for (const step of steps) {
              if (step.kind === "wait") clock.at += step.ms;
              else if (step.kind === "reserve") {
                const holds = step.holds.map(({ key, amount }) => holdOf(key, amount, 100));
                const expected = model.reserve(step.exchange, holds, clock.at + LEASE);
                expect(await store.reserve(step.exchange, holds, LEASE)).toEqual(expected);
              } else {
                model.settle(step.exchange, step.settlements);
                await store.settle(step.exchange, step.settlements);
              }
              expect(await store.balances(KEYS)).toEqual(model.balances(KEYS, clock.at));
            }
          });
        }),
        { numRuns: 60 },
      ));

    it("never admits more than the limit, in any interleaving of callers", () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ hold: fc.nat(60), used: fc.nat(60) }), { maxLength: 40 }),
          fc.integer({ min: 1, max: 300 }),
          async (calls, limit) => {
            await withStore(async (store) => {
              const over = { sum: 0 };
              await Promise.all(
                calls.map(async ({ hold, used }, n) => {
                  const exchange = exchangeId(n);
                  const reply = await store.reserve(exchange, [holdOf("a", hold, limit)], LEASE);
                  if (reply.kind !== "held") return;
                  over.sum += Math.max(used - hold, 0);
                  await store.settle(exchange, [{ key: "a", amount: used }]);
                }),
              );
              const { spent, held } = await balance(store, "a");
              expect(held).toBe(0);
              expect(spent).toBeLessThanOrEqual(limit + over.sum);
            });
          },
        ),
        { numRuns: 60 },
      ));
  });
}

const KEYS = ["a", "b", "c"];

const EXCHANGE = fc.integer({ min: 1, max: 8 }).map(exchangeId);
const LINES = fc.uniqueArray(
  fc.record({ key: fc.constantFrom(...KEYS), amount: fc.integer({ min: 0, max: 70 }) }),
  { selector: ({ key }) => key, maxLength: 3 },
);

const STEP = fc.oneof(
  fc.record({ kind: fc.constant("reserve" as const), exchange: EXCHANGE, holds: LINES }),
  fc.record({ kind: fc.constant("settle" as const), exchange: EXCHANGE, settlements: LINES }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 50_000 }) }),
);
