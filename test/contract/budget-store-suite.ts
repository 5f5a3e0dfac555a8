import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BudgetStore, Hold, Settlement } from "../../src/core/money/budget.ts";
import { instant, millis, type Instant } from "../../src/core/units.ts";
import { attemptOf, holdOf, used } from "../support/budget-holds.ts";
import { budgetModel } from "../support/budget-model.ts";

const LEASE = millis(60_000);
const START = 1_780_000_000_000;

export type OpenedStore = BudgetStore & AsyncDisposable;

/** How the suite gets at one kind of store. */
export interface BudgetStorePlace extends AsyncDisposable {
  /** A handle on the place; all handles of one place see the same money. */
  open(now: () => Instant): OpenedStore;
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
        expect(await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE)).toEqual({
          kind: "held",
          used: [40],
        });
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 40 });
        expect(await store.settle(attemptOf(1), [used("a", 25)])).toEqual({
          kind: "settled",
          changes: [{ key: "a", before: 0, after: 25 }],
        });
        expect(await balance(store, "a")).toEqual({ spent: 25, held: 0 });
      }));

    it("admits exactly up to the limit", () =>
      withStore(async (store) => {
        await store.reserve(attemptOf(1), [holdOf("a", 99, 100)], LEASE);
        const two = holdOf("a", 2, 100);
        expect(await store.reserve(attemptOf(2), [two], LEASE)).toEqual({
          kind: "exhausted",
          hold: two,
          left: 1,
        });
        const reply = await store.reserve(attemptOf(3), [holdOf("a", 1, 100)], LEASE);
        expect(reply.kind).toBe("held");
      }));

    it("holds every amount or none", () =>
      withStore(async (store) => {
        const holds = [holdOf("a", 10, 100), holdOf("b", 11, 10), holdOf("c", 10, 100)];
        const reply = await store.reserve(attemptOf(1), holds, LEASE);
        expect(reply).toMatchObject({ kind: "exhausted", hold: { key: "b" }, left: 10 });
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 0 });
        expect(await balance(store, "c")).toEqual({ spent: 0, held: 0 });
      }));

    it("repeats its first reply when an exchange is repeated", () =>
      withStore(async (store, clock, place) => {
        const holds = [holdOf("a", 60, 100)];
        const first = store.reserve(attemptOf(1), holds, LEASE);
        const again = store.reserve(attemptOf(1), holds, LEASE);
        expect(await Promise.all([first, again])).toMatchObject([
          { kind: "held" },
          { kind: "held" },
        ]);
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 60 });

        const refused = await store.reserve(attemptOf(2), holds, LEASE);
        expect(refused.kind).toBe("exhausted");
        await store.settle(attemptOf(1), []);
        expect(await store.reserve(attemptOf(2), holds, LEASE)).toEqual(refused);
        expect((await store.reserve(attemptOf(1), holds, LEASE)).kind).toBe("held");
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 0 });

        await store.reserve(attemptOf(3), holds, LEASE);
        await using other = place.open(() => instant(clock.at));
        expect((await other.reserve(attemptOf(3), holds, LEASE)).kind).toBe("held");
        expect(await balance(other, "a")).toEqual({ spent: 0, held: 60 });
      }));

    it("sets aside once what is asked for twice, at once or by another handle", () =>
      withStore(async (store, clock, place) => {
        const holds = [holdOf("a", 10, 100)];
        const twice = [1, 2].map(() => store.reserve(attemptOf(1), holds, LEASE));
        await Promise.all(twice);
        await using other = place.open(() => instant(clock.at));
        await other.reserve(attemptOf(1), holds, LEASE);
        expect(await balance(other, "a")).toEqual({ spent: 0, held: 10 });
      }));

    it("corrects a hold that another handle saw expire", () =>
      withStore(async (store, clock, place) => {
        await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE);
        await using other = place.open(() => instant(clock.at));
        clock.at += LEASE;
        expect(await balance(other, "a")).toEqual({ spent: 40, held: 0 });
        await store.settle(attemptOf(1), [used("a", 15)]);
        expect(await balance(store, "a")).toEqual({ spent: 15, held: 0 });
        await other.settle(attemptOf(1), [used("a", 15)]);
        expect(await balance(other, "a")).toEqual({ spent: 15, held: 0 });
      }));

    it("writes over nothing that another handle did since it last looked", () =>
      withStore(async (store, clock, place) => {
        await using other = place.open(() => instant(clock.at));
        for (const [n, handle] of [store, other, store, other].entries()) {
          const reply = await handle.reserve(attemptOf(n), [holdOf("a", 10, 100)], LEASE);
          expect(reply).toEqual({ kind: "held", used: [10 * (n + 1)] });
        }
        await other.settle(attemptOf(1), [used("a", 3)]);
        expect(await balance(store, "a")).toEqual({ spent: 3, held: 30 });
        await store.settle(attemptOf(0), [used("a", 4)]);
        expect(await balance(other, "a")).toEqual({ spent: 7, held: 20 });
      }));

    it("refuses nobody by what another handle has given back since", () =>
      withStore(async (store, clock, place) => {
        await using other = place.open(() => instant(clock.at));
        await other.reserve(attemptOf(1), [holdOf("a", 90, 100)], LEASE);
        const refused = await store.reserve(attemptOf(2), [holdOf("a", 20, 100)], LEASE);
        expect(refused).toMatchObject({ kind: "exhausted", left: 10 });
        await other.settle(attemptOf(1), [used("a", 5)]);
        expect(await store.reserve(attemptOf(3), [holdOf("a", 20, 100)], LEASE)).toEqual({
          kind: "held",
          used: [25],
        });
      }));

    it("settles an exchange once, however often it is told to", () =>
      withStore(async (store) => {
        await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE);
        await Promise.all([
          store.settle(attemptOf(1), [used("a", 30)]),
          store.settle(attemptOf(1), [used("a", 30)]),
        ]);
        await store.settle(attemptOf(1), [used("a", 7)]);
        expect(await balance(store, "a")).toEqual({ spent: 30, held: 0 });
      }));

    it("gives everything back when nothing was used", () =>
      withStore(async (store) => {
        await store.reserve(attemptOf(1), [holdOf("a", 40, 100), holdOf("b", 1, 1)], LEASE);
        await store.settle(attemptOf(1), []);
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 0 });
        expect(await balance(store, "b")).toEqual({ spent: 0, held: 0 });
      }));

    it("keeps a hold as spend when the settlement does not name it", () =>
      withStore(async (store) => {
        await store.reserve(attemptOf(1), [holdOf("a", 40, 100), holdOf("b", 5, 10)], LEASE);
        await store.settle(attemptOf(1), [used("a", 1)]);
        expect(await balance(store, "b")).toEqual({ spent: 5, held: 0 });
      }));

    it("records what was used above the hold as debt, which refuses the next call", () =>
      withStore(async (store) => {
        await store.reserve(attemptOf(1), [holdOf("a", 90, 100)], LEASE);
        await store.settle(attemptOf(1), [used("a", 130)]);
        expect(await balance(store, "a")).toEqual({ spent: 130, held: 0 });
        expect(await store.reserve(attemptOf(2), [holdOf("a", 1, 100)], LEASE)).toMatchObject({
          kind: "exhausted",
          left: 0,
        });
      }));

    it("turns a hold into spend when its lease ends, and lets a late settle correct it", () =>
      withStore(async (store, clock) => {
        await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE);
        clock.at += LEASE - 1;
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 40 });
        clock.at += 1;
        expect(await balance(store, "a")).toEqual({ spent: 40, held: 0 });
        const full = await store.reserve(attemptOf(2), [holdOf("a", 61, 100)], LEASE);
        expect(full.kind).toBe("exhausted");

        await store.settle(attemptOf(1), [used("a", 15)]);
        await store.settle(attemptOf(1), [used("a", 15)]);
        expect(await balance(store, "a")).toEqual({ spent: 15, held: 0 });
      }));

    it("ignores a settlement of an exchange or a key it never held", () =>
      withStore(async (store) => {
        await store.settle(attemptOf(9), [used("a", 5)]);
        await store.reserve(attemptOf(1), [holdOf("a", 1, 10)], LEASE);
        await store.settle(attemptOf(1), [used("a", 1), used("z", 5)]);
        expect(await balance(store, "a")).toEqual({ spent: 1, held: 0 });
        expect(await balance(store, "z")).toEqual({ spent: 0, held: 0 });
      }));

    it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])("takes no amount of %s", (amount) =>
      withStore(async (store) => {
        const reply = await store.reserve(attemptOf(1), [holdOf("a", amount, 100)], LEASE);
        expect(reply.kind).toBe("unreachable");
        await store.reserve(attemptOf(2), [holdOf("a", 7, 100)], LEASE);
        expect(await store.settle(attemptOf(2), [used("a", amount)])).toEqual({
          kind: "unreachable",
        });
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 7 });
      }),
    );

    it("stays exact up to the largest amount, and never wraps past it", () =>
      withStore(async (store) => {
        const most = Number.MAX_SAFE_INTEGER;
        await store.reserve(attemptOf(1), [holdOf("a", most, most)], LEASE);
        await store.settle(attemptOf(1), [used("a", most)]);
        await store.reserve(attemptOf(2), [holdOf("a", 0, most)], LEASE);
        await store.settle(attemptOf(2), [used("a", most)]);
        expect(await balance(store, "a")).toEqual({ spent: most, held: 0 });
        const reply = await store.reserve(attemptOf(3), [holdOf("a", 1, most)], LEASE);
        expect(reply).toMatchObject({ kind: "exhausted", left: 0 });
      }));

    it("admits exactly 100 of 200 parallel callers where 100 fit", () =>
      withStore(async (store, clock, place) => {
        await using other = place.open(() => instant(clock.at));
        const replies = await Promise.all(
          Array.from({ length: 200 }, (_, n) => {
            const handle = n % 2 === 0 ? store : other;
            const holds = [holdOf("wide", 1, 1000), holdOf("a", 7, 706)];
            return handle.reserve(attemptOf(n), holds, LEASE);
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
        void store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE);
        void store.settle(attemptOf(1), [used("a", 30)]);
        void store.reserve(attemptOf(2), [holdOf("a", 5, 100)], LEASE);
      }
      await using store = place.open(() => instant(START));
      expect(await balance(store, "a")).toEqual({ spent: 30, held: 5 });
    });

    it("counts what earlier slices spent and hold against a rolling window's limit", () =>
      withStore(async (store) => {
        await store.reserve(attemptOf(1), [holdOf("s1", 40, 100)], LEASE);
        await store.settle(attemptOf(1), [used("s1", 30)]);
        await store.reserve(attemptOf(2), [holdOf("s2", 25, 100)], LEASE);
        const third = { ...holdOf("s3", 45, 100), trailing: ["s1", "s2"] };
        expect(await store.reserve(attemptOf(3), [third], LEASE)).toEqual({
          kind: "held",
          used: [100],
        });
        const more = { ...third, amount: 1 };
        expect(await store.reserve(attemptOf(4), [more], LEASE)).toEqual({
          kind: "exhausted",
          hold: more,
          left: 0,
        });
        const later = { ...holdOf("s4", 30, 100), trailing: ["s2", "s3"] };
        expect((await store.reserve(attemptOf(5), [later], LEASE)).kind).toBe("held");
        const settlement = { ...used("s3", 20), trailing: ["s1", "s2"] };
        expect(await store.settle(attemptOf(3), [settlement])).toEqual({
          kind: "settled",
          changes: [{ key: "s3", before: 30, after: 50 }],
        });
      }));

    it("lets a running call hold more where it fits, less always, and renews its lease", () =>
      withStore(async (store, clock) => {
        const holds = [holdOf("a", 40, 100), holdOf("b", 4, 10)];
        await store.reserve(attemptOf(1), holds, LEASE);
        clock.at += LEASE - 1;
        expect(await store.resize(attemptOf(1), [holdOf("a", 100, 100)], LEASE)).toEqual({
          kind: "held",
          used: [100],
        });
        clock.at += LEASE - 1;
        expect(await balance(store, "b")).toEqual({ spent: 0, held: 4 });
        const both = [holdOf("a", 10, 100), holdOf("b", 11, 10)];
        expect(await store.resize(attemptOf(1), both, LEASE)).toMatchObject({
          kind: "exhausted",
          hold: { key: "b" },
          left: 6,
        });
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 100 });
        const less = [holdOf("a", 10, 5)];
        expect(await store.resize(attemptOf(1), less, LEASE)).toEqual({ kind: "held", used: [10] });
        await store.settle(attemptOf(1), [used("a", 12), used("b", 1)]);
        expect(await balance(store, "a")).toEqual({ spent: 12, held: 0 });
        expect(await store.resize(attemptOf(1), holds, LEASE)).toEqual({ kind: "gone" });
      }));

    it("does not bring back a hold whose lease ended", () =>
      withStore(async (store, clock) => {
        await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE);
        clock.at += LEASE;
        const resized = await store.resize(attemptOf(1), [holdOf("a", 1, 100)], LEASE);
        expect(resized).toEqual({ kind: "gone" });
        expect(await balance(store, "a")).toEqual({ spent: 40, held: 0 });
      }));

    it("lists the balances of one budget by pages, and nobody else's", () =>
      withStore(async (store) => {
        const keys = ["t|day|a|1", "t|day|b|1", "t|day|c|1", "t|day2|a|1", "u|day|a|1", "t|da|a|1"];
        for (const [n, key] of keys.entries()) {
          await store.reserve(attemptOf(n), [holdOf(key, n, 100)], LEASE);
        }
        const page = { prefix: "t|day|", after: undefined, max: 2 };
        expect(await store.list(page)).toEqual([
          { key: "t|day|a|1", spent: 0, held: 0 },
          { key: "t|day|b|1", spent: 0, held: 1 },
        ]);
        const next = await store.list({ ...page, after: "t|day|b|1" });
        expect(next).toEqual([{ key: "t|day|c|1", spent: 0, held: 2 }]);
        expect(await store.list({ ...page, after: "t|day|c|1" })).toEqual([]);
      }));

    it("shows the live holds on a balance", () =>
      withStore(async (store, clock) => {
        await store.reserve(attemptOf(1), [holdOf("a", 1, 100), holdOf("b", 2, 100)], LEASE);
        clock.at += 10;
        await store.reserve(attemptOf(2), [holdOf("a", 3, 100)], LEASE);
        const expiresAt = START + LEASE;
        const holds = await store.holdsOn("a", 10);
        expect(holds.toSorted((x, y) => x.amount - y.amount)).toEqual([
          { attempt: attemptOf(1), amount: 1, expiresAt },
          { attempt: attemptOf(2), amount: 3, expiresAt: expiresAt + 10 },
        ]);
        expect(await store.holdsOn("a", 1)).toHaveLength(1);
        expect(await store.holdsOn("nothing", 10)).toEqual([]);
        await store.settle(attemptOf(2), []);
        expect(await store.holdsOn("a", 10)).toHaveLength(1);
      }));

    it("takes an operator's word for what is spent, and keeps what is held", () =>
      withStore(async (store) => {
        await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE);
        await store.reserve(attemptOf(2), [holdOf("a", 5, 100)], LEASE);
        await store.settle(attemptOf(1), [used("a", 30)]);
        const assignments = [
          { key: "a", spent: 0, keepUntil: undefined },
          { key: "new", spent: 7, keepUntil: instant(START + 1e9) },
        ];
        expect(await store.assign(assignments)).toEqual({ kind: "assigned", before: [30, 0] });
        expect(await balance(store, "a")).toEqual({ spent: 0, held: 5 });
        expect(await balance(store, "new")).toEqual({ spent: 7, held: 0 });
        await store.settle(attemptOf(2), [used("a", 5)]);
        expect(await balance(store, "a")).toEqual({ spent: 5, held: 0 });
        const wrong = [{ key: "a", spent: -1, keepUntil: undefined }];
        expect((await store.assign(wrong)).kind).toBe("unreachable");
      }));

    it(
      "agrees with the model on any sequence of calls",
      () =>
        fc.assert(
          fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
            await withStore(async (store, clock) => {
              const model = budgetModel();
              for (const step of steps) {
                await take(step, store, model, clock);
                expect(await store.balances(KEYS)).toEqual(model.balances(KEYS, clock.at));
              }
            });
          }),
          { numRuns: 60 },
        ),
      PROPERTY_MS,
    );

    it(
      "agrees with the model when two handles take turns, each with its own attempts",
      () =>
        fc.assert(
          fc.asyncProperty(fc.array(TURN, { maxLength: 30 }), async (turns) => {
            await withStore(async (store, clock, place) => {
              await using other = place.open(() => instant(clock.at));
              const handles = { first: store, second: other };
              const model = budgetModel();
              for (const { step, by, seenBy } of turns) {
                await take(ownedBy(by, step), handles[by], model, clock);
                if (seenBy === undefined) continue;
                const expected = model.balances(KEYS, clock.at);
                expect(await handles[seenBy].balances(KEYS)).toEqual(expected);
              }
              expect(await store.balances(KEYS)).toEqual(model.balances(KEYS, clock.at));
            });
          }),
          { numRuns: 40 },
        ),
      PROPERTY_MS,
    );

    it(
      "never admits more than the limit, in any interleaving of callers",
      () =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.record({ hold: fc.nat(60), spent: fc.nat(60) }), { maxLength: 40 }),
            fc.integer({ min: 1, max: 300 }),
            async (calls, limit) => {
              await withStore(async (store) => {
                const over = { sum: 0 };
                await Promise.all(
                  calls.map(async ({ hold, spent }, n) => {
                    const exchange = attemptOf(n);
                    const reply = await store.reserve(exchange, [holdOf("a", hold, limit)], LEASE);
                    if (reply.kind !== "held") return;
                    over.sum += Math.max(spent - hold, 0);
                    await store.settle(exchange, [used("a", spent)]);
                  }),
                );
                const { spent, held } = await balance(store, "a");
                expect(held).toBe(0);
                expect(spent).toBeLessThanOrEqual(limit + over.sum);
              });
            },
          ),
          { numRuns: 60 },
        ),
      PROPERTY_MS,
    );
  });
}

/** Dozens of stores on a machine that others use, too. */
const PROPERTY_MS = 120_000;
const KEYS = ["a", "b", "c", "d", "e"];

const ATTEMPT = fc.integer({ min: 1, max: 8 }).map(attemptOf);
/** Rolling windows as the store sees them: a slice, and slices before it. */
const TRAILING: Readonly<Record<string, readonly string[]>> = { a: [], b: ["a"], c: ["b", "a"] };
/** A call holds one slice of a window: with two, their order would be in what a settle tells. */
const LINES = fc.uniqueArray(
  fc
    .record({ key: fc.constantFrom(...KEYS), amount: fc.integer({ min: 0, max: 70 }) })
    .map(({ key, amount }) => ({ key, amount, trailing: TRAILING[key] ?? [] })),
  { selector: ({ key }) => (TRAILING[key] === undefined ? key : "window"), maxLength: 3 },
);

const STEP = fc.oneof(
  fc.record({ kind: fc.constant("reserve" as const), attempt: ATTEMPT, lines: LINES }),
  fc.record({ kind: fc.constant("resize" as const), attempt: ATTEMPT, lines: LINES }),
  fc.record({ kind: fc.constant("settle" as const), attempt: ATTEMPT, lines: LINES }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 50_000 }) }),
  fc.record({
    kind: fc.constant("assign" as const),
    key: fc.constantFrom(...KEYS),
    spent: fc.nat(100),
  }),
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

const HANDLE = fc.constantFrom("first" as const, "second" as const);
/** A step by one handle, after which one of them may be asked how things stand. */
const TURN = fc.record({
  step: STEP,
  by: HANDLE,
  seenBy: fc.option(HANDLE, { freq: 1, nil: undefined }),
});

/** A handle repeats its own first replies only. */
function ownedBy(handle: string, step: Step): Step {
  return "attempt" in step ? { ...step, attempt: attemptOf(`${handle}_${step.attempt}`) } : step;
}

/** The same step in the store and in the model; their answers must be the same. */
async function take(
  step: Step,
  store: BudgetStore,
  model: ReturnType<typeof budgetModel>,
  clock: { at: number },
): Promise<void> {
  switch (step.kind) {
    case "wait":
      clock.at += step.ms;
      return;
    case "reserve": {
      const holds = step.lines.map(lineHold);
      const expected = model.reserve(step.attempt, holds, clock.at + LEASE);
      expect(await store.reserve(step.attempt, holds, LEASE)).toEqual(expected);
      return;
    }
    case "resize": {
      const holds = step.lines.map(lineHold);
      const expected = model.resize(step.attempt, holds, clock.at, clock.at + LEASE);
      expect(await store.resize(step.attempt, holds, LEASE)).toEqual(expected);
      return;
    }
    case "settle": {
      const changes = model.settle(step.attempt, step.lines, clock.at);
      const reply = await store.settle(step.attempt, step.lines);
      if (reply.kind !== "settled") throw new Error("not settled");
      expect(reply.changes.toSorted(byKey)).toEqual(changes.toSorted(byKey));
      return;
    }
    case "assign": {
      const { key, spent } = step;
      const [before] = model.balances([key], clock.at);
      model.assign(key, spent, clock.at);
      const reply = await store.assign([{ key, spent, keepUntil: undefined }]);
      expect(reply).toEqual({ kind: "assigned", before: [before?.spent] });
      return;
    }
  }
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number =>
  a.key < b.key ? -1 : 1;

function lineHold({ key, amount, trailing }: Settlement): Hold {
  return { ...holdOf(key, amount, 100), trailing };
}
