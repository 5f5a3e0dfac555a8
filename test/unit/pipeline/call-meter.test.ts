import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Hold, ResizeReply } from "../../../src/core/money/budget.ts";
import { holdsFor } from "../../../src/core/money/holds.ts";
import type { MeteredAgreement } from "../../../src/core/money/settle.ts";
import { attemptId, id } from "../../../src/core/units.ts";
import {
  BYTES_PER_TOKEN_MAX,
  createCallMeter,
  OVERRUN_TOKENS_MAX,
} from "../../../src/pipeline/call-meter.ts";
import { RESERVATION_LEASE } from "../../../src/pipeline/reserve.ts";
import { budget, LLM, metered, NOW, priceOf, PRINCIPAL } from "../money/money-fixtures.ts";

const PRICE = priceOf(2, 10);
const METERED: MeteredAgreement = {
  provider: "openai",
  model: "gpt-4o",
  at: NOW,
  price: PRICE,
  tier: "standard",
  surcharge: 0,
  inputTokens: 1000,
  outputTokens: 100,
  toolCalls: 0,
  held: PRICE.worstCase(1000, 100),
};
const EXHAUSTED = "exhausted";

/** A running call of a budget that has `more` output tokens to give, or cannot be asked. */
function running(more: number, unit: "nano_usd" | "output_tokens" | "calls" = "output_tokens") {
  const amounts = { nanoUsd: METERED.held, inputTokens: 1000, outputTokens: 100, calls: 1 };
  const lines = holdsFor([metered(budget("b", unit))], PRINCIPAL, LLM, NOW, amounts);
  const holds = lines.map(({ hold }) => hold);
  const attempt = attemptId(id("exc_1"), 1);
  const asked: (readonly Hold[])[] = [];
  const told: string[] = [];
  const clock = { at: 0 };
  const meter = createCallMeter(
    { lines, metered: METERED },
    { kind: "held", attempt, holds },
    {
      budgets: {
        async resize(_attempt, wanted): Promise<ResizeReply> {
          asked.push(wanted);
          const [hold] = wanted;
          if (hold !== undefined && hold.amount > 100 + more) {
            return { kind: EXHAUSTED, hold, left: more };
          }
          return { kind: "held", used: [0] };
        },
      },
      observer: { budgetExhausted: (hold) => told.push(hold.budget.id) },
      monotonic: () => clock.at,
    },
  );
  return { meter, asked, told, clock };
}

/** The store's answer is a promise that is kept already. */
const answered = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the meter of a running stream", () => {
  it("is not needed where nothing is held by the token", () => {
    expect(running(0, "calls").meter).toBeUndefined();
  });

  it("asks for more once, past the hold, and ends the stream a stated number of tokens later", async () => {
    const { meter, asked, told } = running(0);
    for (let n = 1; n <= 100; n += 1) expect(meter?.saw(n, n)).toBeUndefined();
    expect(asked).toEqual([]);
    expect(meter?.saw(101, 101)).toBeUndefined();
    await answered();
    expect(asked).toHaveLength(1);
    expect(told).toEqual(["b"]);
    let pieces = 101;
    while (meter?.saw(pieces + 1, 0) === undefined) pieces += 1;
    expect(pieces).toBe(100 + OVERRUN_TOKENS_MAX);
    expect(meter?.saw(pieces + 1, 0)).toMatchObject({ code: "budget_exceeded" });
    expect(asked).toHaveLength(1);
  });

  it("goes on with what it was given, and asks again when that is used up", async () => {
    const { meter, asked } = running(10_000);
    meter?.saw(101, 101);
    await answered();
    const given = asked[0]?.[0]?.amount ?? 0;
    expect(given).toBeGreaterThan(300);
    expect(meter?.saw(given, 0)).toBeUndefined();
    expect(asked).toHaveLength(1);
    meter?.saw(given + 1, 0);
    await answered();
    expect(asked[1]?.[0]?.amount).toBeGreaterThan(given);
  });

  it("measures long pieces by their bytes", async () => {
    const { meter, asked } = running(0);
    meter?.saw(1, 100 * BYTES_PER_TOKEN_MAX);
    expect(asked).toEqual([]);
    meter?.saw(1, 101 * BYTES_PER_TOKEN_MAX);
    await answered();
    expect(asked).toHaveLength(1);
    const far = (100 + OVERRUN_TOKENS_MAX + 1) * BYTES_PER_TOKEN_MAX;
    expect(meter?.saw(1, far)?.code).toBe("budget_exceeded");
  });

  it("gives back what the input did not need, where it is worth a word", async () => {
    const { meter, asked } = running(10_000, "nano_usd");
    meter?.learnedInput(200);
    meter?.learnedInput(100);
    await answered();
    expect(asked.map(([hold]) => hold?.amount)).toEqual([PRICE.worstCase(200, 100)]);
    const small = running(10_000, "nano_usd");
    small.meter?.learnedInput(990);
    expect(small.asked).toEqual([]);
  });

  it("renews the lease of a stream that runs for long", async () => {
    const { meter, asked, clock } = running(0);
    clock.at = RESERVATION_LEASE / 2 + 1;
    meter?.saw(1, 1);
    await answered();
    expect(asked.map(([hold]) => hold?.amount)).toEqual([100]);
  });

  it("never lets more through than the hold, what it was given and the overrun", () =>
    fc.assert(
      fc.asyncProperty(
        fc.nat(2000),
        fc.array(fc.nat(40), { maxLength: 80 }),
        async (more, steps) => {
          const { meter } = running(more);
          let pieces = 0;
          for (const step of steps) {
            pieces += step;
            if (meter?.saw(pieces, 0) !== undefined) return;
            await answered();
            expect(pieces).toBeLessThanOrEqual(100 + more + OVERRUN_TOKENS_MAX + step);
          }
        },
      ),
      { numRuns: 60 },
    ));
});
