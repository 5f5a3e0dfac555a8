import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideUp, parseDecimal } from "../../../src/core/money/decimal.ts";
import {
  createModelPrice,
  type ModelRates,
  type PriceFacts,
  type Rate,
} from "../../../src/core/money/model-price.ts";
import type { ProviderTool } from "../../../src/core/money/demand.ts";
import type { BilledUsage } from "../../../src/core/money/usage.ts";
import { NONE } from "./usage-streams.ts";

const ATTO_PER_NANO = 1_000_000_000n;
const flat = (nanoPerToken: bigint): Rate => ({ base: nanoPerToken * ATTO_PER_NANO, tiers: [] });

const NO_RATES: ModelRates = {
  input: flat(0n),
  cacheRead: undefined,
  cacheWrite: undefined,
  cacheWriteHour: undefined,
  audioInput: undefined,
  audioCacheRead: undefined,
  imageInput: undefined,
  output: undefined,
  reasoning: undefined,
  audioOutput: undefined,
  imageOutput: undefined,
  webSearch: undefined,
  fileSearch: undefined,
  toolCall: undefined,
  request: undefined,
};

const FACTS: PriceFacts = {
  status: "exact",
  catalogue: "test@1",
  outputTokensMax: undefined,
  outputTokensLimit: 1000,
  contextTokens: 10_000,
};

const used = (usage: Partial<BilledUsage>): BilledUsage => ({
  ...NONE,
  input: 0,
  output: 0,
  ...usage,
});
const price = (rates: Partial<ModelRates>) => createModelPrice({ ...NO_RATES, ...rates }, FACTS);

describe("a model's price", () => {
  it("prices every class by its own rate, and only its own tokens", () => {
    const rates = {
      input: flat(1n),
      cacheRead: flat(10n),
      cacheWrite: flat(100n),
      cacheWriteHour: flat(1000n),
      audioInput: flat(10_000n),
      output: flat(100_000n),
      reasoning: flat(1_000_000n),
      audioOutput: flat(10_000_000n),
      imageOutput: flat(100_000_000n),
      webSearch: flat(1_000_000_000n),
      request: flat(7_000_000_000n),
    };
    const usage = used({
      input: 1,
      cacheRead: 2,
      cacheWrite: 3,
      cacheWriteHour: 4,
      audioInput: 5,
      output: 6,
      reasoning: 7,
      audioOutput: 8,
      imageOutput: 9,
      webSearches: 1,
    });
    expect(price(rates).cost(usage)).toBe(8_987_654_321);
  });

  it("prices a class without a rate like the plain one, never as free", () => {
    const plain = price({ input: flat(3n), output: flat(5n) });
    const usage = used({ cacheRead: 1, cacheWrite: 1, cacheWriteHour: 1, audioInput: 1 });
    expect(plain.cost(usage)).toBe(12);
    expect(plain.cost(used({ reasoning: 1, audioOutput: 1, imageOutput: 1 }))).toBe(15);
    expect(price({ input: flat(3n) }).cost(used({ output: 2 }))).toBe(6);
  });

  it("prices calls of provider tools, each kind by its own rate or by that of any tool", () => {
    const model = price({ input: flat(1n), webSearch: flat(10n), toolCall: flat(500n) });
    expect(model.cost(used({ webSearches: 2, fileSearches: 1, toolCalls: 1 }))).toBe(1020);
    expect(model.worstCase(0, 0, 3)).toBe(1500);
    expect(
      ["web_search", "file_search", "other", "unbilled"].map((tool) =>
        model.covers(tool as ProviderTool),
      ),
    ).toEqual([true, true, true, true]);
    expect(price({}).covers("web_search")).toBe(false);
    expect(price({ webSearch: flat(1n) }).covers("other")).toBe(false);
  });

  it("rounds up once a request, not once a token", () => {
    const third: Rate = { base: 333_333_333n, tiers: [] };
    const cheap = price({ input: third, output: third });
    expect(cheap.cost(used({ input: 3 }))).toBe(1);
    expect(cheap.cost(used({ input: 3, output: 3 }))).toBe(2);
    expect(cheap.cost(used({ input: 4 }))).toBe(2);
    expect(cheap.cost(used({}))).toBe(0);
  });

  it("changes tier for the whole request once the whole input is larger", () => {
    const tiered = (base: bigint, above: number, later: bigint): Rate => ({
      base: base * ATTO_PER_NANO,
      tiers: [{ above, price: later * ATTO_PER_NANO }],
    });
    const model = price({ input: tiered(1n, 100, 2n), output: tiered(10n, 100, 15n) });
    expect(model.cost(used({ input: 100, output: 1 }))).toBe(110);
    expect(model.cost(used({ input: 101, output: 1 }))).toBe(217);
    expect(model.cost(used({ input: 1, cacheRead: 100, output: 1 }))).toBe(217);
    expect(model.worstCase(100, 1)).toBe(110);
    expect(model.worstCase(101, 1)).toBe(217);
  });

  it("stops at the largest exact amount instead of losing count", () => {
    const dear = price({ input: flat(10n ** 12n) });
    expect(dear.cost(used({ input: 2 ** 31 }))).toBe(Number.MAX_SAFE_INTEGER);
    expect(dear.worstCase(2 ** 31, 2 ** 31)).toBe(Number.MAX_SAFE_INTEGER);
  });

  const RATE = fc.record({
    base: fc.bigInt({ min: 0n, max: 10n ** 14n }),
    tiers: fc
      .array(fc.record({ above: fc.nat(5000), price: fc.bigInt({ min: 0n, max: 10n ** 14n }) }), {
        maxLength: 2,
      })
      .map((tiers) => tiers.toSorted((a, b) => a.above - b.above)),
  });
  const MAYBE = fc.option(RATE, { nil: undefined });
  const RATES = fc.record({
    input: RATE,
    cacheRead: MAYBE,
    cacheWrite: MAYBE,
    cacheWriteHour: MAYBE,
    audioInput: MAYBE,
    imageInput: MAYBE,
    output: MAYBE,
    reasoning: MAYBE,
    audioOutput: MAYBE,
    imageOutput: MAYBE,
    audioCacheRead: MAYBE,
    webSearch: fc.constant(undefined),
    fileSearch: fc.constant(undefined),
    toolCall: MAYBE,
    request: MAYBE,
  });
  const SHARES = fc.tuple(fc.nat(2000), fc.nat(2000), fc.nat(2000), fc.nat(2000), fc.nat(2000));

  it("never costs more than the worst case of the same number of tokens", () => {
    fc.assert(
      fc.property(RATES, SHARES, SHARES, fc.nat(1000), (rates, inputs, outputs, spare) => {
        const model = createModelPrice(rates, FACTS);
        const [input, cacheRead, cacheWrite, cacheWriteHour, audioInput] = inputs;
        const [output, reasoning, audioOutput, imageOutput] = outputs;
        const usage = used({
          input,
          cacheRead,
          cacheWrite,
          cacheWriteHour,
          audioInput,
          output,
          reasoning,
          audioOutput,
          imageOutput,
        });
        const sum = inputs.reduce((a, b) => a + b, 0);
        const out = output + reasoning + audioOutput + imageOutput;
        expect(model.cost(usage)).toBeLessThanOrEqual(model.worstCase(sum + spare, out + spare));
      }),
    );
  });

  it("is never below the exact cost and less than one nano-dollar above it", () => {
    const price_ = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(price_, price_, fc.nat(100_000), fc.nat(100_000), (a, b, input, output) => {
        const model = price({ input: { base: a, tiers: [] }, output: { base: b, tiers: [] } });
        const exact = a * BigInt(input) + b * BigInt(output);
        const cost = BigInt(model.cost(used({ input, output })));
        expect(cost * ATTO_PER_NANO).toBeGreaterThanOrEqual(exact);
        expect((cost - 1n) * ATTO_PER_NANO).toBeLessThan(exact === 0n ? 1n : exact);
      }),
    );
  });
});

describe("parseDecimal", () => {
  it.each([
    ["0", 12, 0n],
    ["2.50", 12, 2_500_000_000_000n],
    ["0.075", 12, 75_000_000_000n],
    ["1e-7", 12, 100_000n],
    ["1.5E2", 1, 1500n],
    ["0.08333333333333334", 12, 83_333_333_334n],
    ["0.0000000000001", 12, 1n],
  ])("reads %s at scale %i", (text, scale, value) => {
    expect(parseDecimal(text, scale)).toBe(value);
  });

  it.each(["", "-1", "+1", "1.", ".5", "1e999", "0x10", "NaN", "1,5", " 1", "9".repeat(31)])(
    "does not take %j for a decimal",
    (text) => {
      expect(parseDecimal(text, 12)).toBeUndefined();
    },
  );

  it("reads back every decimal it is given", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(999_999), (whole, fraction) => {
        const text = `${whole}.${String(fraction).padStart(6, "0")}`;
        expect(parseDecimal(text, 6)).toBe(BigInt(whole) * 1_000_000n + BigInt(fraction));
      }),
    );
  });

  it("divides upwards", () => {
    expect([0n, 1n, 9n, 10n, 11n].map((n) => divideUp(n, 10n))).toEqual([0n, 1n, 1n, 1n, 2n]);
  });
});
