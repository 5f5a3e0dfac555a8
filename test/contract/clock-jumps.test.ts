/** The wall clock jumps: set by hand, by NTP, by a machine that wakes up. Money and record stand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { holdsFor } from "../../src/core/money/holds.ts";
import type { Settlement } from "../../src/core/money/budget.ts";
import { id, instant, millis, type AttemptId, type Instant } from "../../src/core/units.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { budget, HTTP, metered, NOW, PRINCIPAL } from "../unit/money/money-fixtures.ts";
import { acknowledged, TestLedger } from "./ledger-fixture.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LEASE = millis(11 * MINUTE_MS);
const LIMIT = 20;
const CALL = { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 1 };

const root = mkdtempSync(join(tmpdir(), "sallyport-clock-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let files = 0;

interface Money {
  clock: Instant;
  readonly store: ReturnType<typeof openBudgetStore>;
  /** One call: `held` where the budget allows it. */
  reserve(exchange: string): Promise<string>;
}

function openMoney(window: "day" | "lifetime"): Money {
  files += 1;
  const money: Money = {
    clock: NOW,
    store: openBudgetStore(join(root, `${files}.db`), () => money.clock),
    async reserve(exchange) {
      const calls = budget("calls", "calls", {
        limit: LIMIT,
        window:
          window === "day" ? { kind: "calendar", every: "day", tz: "UTC" } : { kind: "lifetime" },
      });
      const lines = holdsFor([metered(calls)], PRINCIPAL, HTTP, money.clock, CALL);
      const holds = lines.map(({ hold }) => hold);
      return (await money.store.reserve(id<AttemptId>(exchange), holds, LEASE)).kind;
    },
  };
  return money;
}

const jump = fc.oneof(
  fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }),
  fc.constantFrom(-400 * DAY_MS, -HOUR_MS, -1, HOUR_MS, LEASE, 400 * DAY_MS),
);

type Step =
  | { readonly kind: "jump"; readonly ms: number }
  | { readonly kind: "reserve" }
  | { readonly kind: "settle"; readonly amount: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  jump.map((ms) => ({ kind: "jump", ms }) as const),
  fc.constant({ kind: "reserve" } as const),
  fc.integer({ min: 0, max: 1 }).map((amount) => ({ kind: "settle", amount }) as const),
);

describe("a budget", () => {
  it("never admits more than its limit, and frees nothing that was spent, however time jumps", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const money = openMoney("lifetime");
        await using store = money.store;
        const running: string[] = [];
        let spent = 0;
        let next = 0;
        for (const one of steps) {
          if (one.kind === "jump") money.clock = instant(Math.max(0, money.clock + one.ms));
          else if (one.kind === "reserve") {
            const exchange = `exc_${(next += 1)}`;
            const kind = await money.reserve(exchange);
            const room = LIMIT - spent - running.length;
            expect(kind).toBe(room > 0 ? "held" : "exhausted");
            if (kind === "held") running.push(exchange);
          } else {
            const exchange = running.shift();
            if (exchange === undefined) continue;
            const key = "acme|calls|support-bot|lifetime";
            const settlements: Settlement[] = [{ key, amount: one.amount, trailing: [] }];
            expect(await store.settle(id<AttemptId>(exchange), settlements)).toMatchObject({
              kind: "settled",
            });
            spent += one.amount;
          }
        }
        const [balance] = await store.balances(["acme|calls|support-bot|lifetime"]);
        const total = (balance?.spent ?? 0) + (balance?.held ?? 0);
        // A lease that ended long ago cannot be corrected any more: then the hold stays spent.
        expect(total).toBeGreaterThanOrEqual(spent + running.length);
        expect(total).toBeLessThanOrEqual(LIMIT);
      }),
      { numRuns: 60 },
    ));

  it("of a day is not had twice by setting the clock back and forth over midnight", async () => {
    const money = openMoney("day");
    await using _store = money.store;
    const useUp = async (name: string): Promise<number> => {
      let held = 0;
      while ((await money.reserve(`${name}_${held}`)) === "held") held += 1;
      return held;
    };
    expect(await useUp("first")).toBe(LIMIT);
    money.clock = instant(NOW + DAY_MS);
    expect(await useUp("next")).toBe(LIMIT);
    for (const [turn, at] of [NOW, NOW + DAY_MS, NOW - HOUR_MS, NOW + DAY_MS + HOUR_MS].entries()) {
      money.clock = instant(at);
      expect(await useUp(`again_${turn}`)).toBe(0);
    }
  });
});

describe("the ledger", () => {
  it("keeps its order and verifies, whatever the clock says", async () => {
    using test = new TestLedger();
    let clock: number = NOW;
    const ledger = await test.open({ now: () => instant(clock) });
    const exchanges: string[] = [];
    for (const ms of [0, DAY_MS, -400 * DAY_MS, 1, -1, 800 * DAY_MS]) {
      clock = Math.max(0, clock + ms);
      const exchange = `x_${exchanges.length}`;
      exchanges.push(exchange);
      await ledger.outcome(outcomeFacts(exchange, await acknowledged(ledger, exchange)));
    }
    await ledger.seal();
    clock = NOW - 1000 * DAY_MS;
    const again = await test.open({ now: () => instant(clock) });
    await acknowledged(again, "x_after");
    await again.seal();
    expect(await test.problems()).toEqual([]);
    const intents = (await test.entries()).flatMap((entry) =>
      entry.kind === "intent" ? [entry.exchange] : [],
    );
    expect(intents).toEqual([...exchanges, "x_after"]);
    expect(test.writers().length).toBe(1);
  });
});
