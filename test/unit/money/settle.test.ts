import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Charge } from "../../../src/core/decision.ts";
import { holdsFor } from "../../../src/core/money/holds.ts";
import {
  settlementsOf,
  type Agreement,
  type Ending,
  type MeteredAgreement,
} from "../../../src/core/money/settle.ts";
import type { PriceCatalogue } from "../../../src/core/money/price.ts";
import { withSurcharge } from "../../../src/core/money/surcharge.ts";
import {
  inputTokensOf,
  outputTokensOf,
  type BilledUsage,
  type Usage,
} from "../../../src/core/money/usage.ts";
import { nanoUsd } from "../../../src/core/units.ts";
import {
  amount,
  budget,
  catalogueOf,
  LLM,
  metered,
  NOW,
  priceOf,
  PRINCIPAL,
} from "./money-fixtures.ts";
import { NONE } from "./usage-streams.ts";

const PRICE = priceOf(2, 10);
const CATALOGUE = catalogueOf({
  "openai/gpt-4o": PRICE,
  "openai/dear": priceOf(200, 1000),
  "openai/guess": { ...priceOf(0, 0), status: "unpriced" },
});

const METERED: MeteredAgreement = {
  provider: "openai",
  model: "gpt-4o",
  at: NOW,
  price: PRICE,
  tier: "standard",
  surcharge: 0,
  inputTokens: 100,
  outputTokens: 40,
  toolCalls: 0,
  held: PRICE.worstCase(100, 40),
};

const USD = budget("usd", "nano_usd");
const TOKENS = budget("tokens", "tokens");
const CALLS = budget("calls", "calls");
const PAYMENTS = budget("payments", "nano_usd");
const CHARGES: readonly Charge[] = [
  metered(USD),
  metered(TOKENS),
  metered(CALLS),
  amount(PAYMENTS, 77),
];

function agreement(of: MeteredAgreement | undefined): Agreement {
  const amounts =
    of === undefined
      ? { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 1 }
      : {
          nanoUsd: of.held,
          inputTokens: of.inputTokens,
          outputTokens: of.outputTokens,
          calls: 1,
        };
  return { lines: holdsFor(CHARGES, PRINCIPAL, LLM, NOW, amounts), metered: of };
}

const ENDING: Ending = { sent: true, status: 200, usage: undefined, model: undefined };
const settle = (more: Partial<Ending>, of: MeteredAgreement | undefined = METERED) =>
  settlementsOf(agreement(of), { ...ENDING, ...more }, CATALOGUE);
const amounts = (settled: ReturnType<typeof settle>) =>
  settled.settlements.map((line) => line.amount);

const HELD = [METERED.held, 140, 1, 77];

describe("settlementsOf", () => {
  it("gives everything back when nothing was sent", () => {
    const usage: Usage = { ...NONE, input: 1, output: 1 };
    expect(settle({ sent: false, usage })).toMatchObject({ settlements: [], priced: undefined });
  });

  it("charges what the provider counted, at the price of the model that answered", () => {
    const usage: Usage = { ...NONE, input: 30, cacheRead: 10, output: 5, reasoning: 2 };
    const settled = settle({ usage });
    expect(amounts(settled)).toEqual([40 * 2 + 7 * 10, 47, 1, 77]);
    expect(settled.priced).toEqual({
      usage,
      model: "gpt-4o",
      cost: 150,
      price: "exact",
      catalogue: "test@1",
    });
    // litellm PR 39294: a fallback on the provider's side was priced as the model asked for.
    const fallback = settle({ usage, model: "dear" });
    expect(amounts(fallback)).toEqual([15_000, 47, 1, 77]);
    expect(fallback.priced?.model).toBe("dear");
  });

  it("charges the model asked for when nobody knows the price of the one that answered", () => {
    const usage: Usage = { ...NONE, input: 30, output: 5 };
    for (const model of ["unheard-of", "guess"]) {
      expect(settle({ usage, model }).priced).toMatchObject({ model, cost: 110 });
    }
  });

  it("charges the tier that the answer says, at its price or as the dearest of its kind", () => {
    const dear = priceOf(4, 20);
    const tiers: PriceCatalogue = {
      version: "test@1",
      price: (_provider, model, _at, tier = "standard") =>
        model === "priced" && tier === "priority" ? dear : tier === "standard" ? PRICE : undefined,
    };
    const usage: Usage = { ...NONE, input: 30, output: 5, tier: "priority" };
    const charged = (model: string, of: Usage): unknown =>
      settlementsOf(agreement({ ...METERED, model }), { ...ENDING, usage: of }, tiers).priced;
    expect(charged("priced", usage)).toMatchObject({ cost: 220, price: "exact" });
    expect(charged("gpt-4o", usage)).toMatchObject({ cost: 330, price: "unpriced" });
    expect(charged("gpt-4o", { ...usage, tier: "flex" })).toMatchObject({ cost: 110 });
    expect(charged("gpt-4o", { ...usage, tier: undefined })).toMatchObject({ price: "exact" });
  });

  it("charges a tenth more where the answer says that it was computed in a place of choice", () => {
    const usage: Usage = { ...NONE, input: 30, output: 5, webSearches: 2 };
    const cost = (of: BilledUsage) => nanoUsd(PRICE.cost(of) + 7 * (of.webSearches ?? 0));
    const listed = { ...PRICE, cost };
    const prices: PriceCatalogue = { version: "test@1", price: () => listed };
    const metered = { ...METERED, price: listed };
    const charged = (surcharge: number | undefined, asked: number): unknown => {
      const price = withSurcharge(listed, asked);
      const agreed = agreement({ ...metered, price, surcharge: asked });
      return settlementsOf(agreed, { ...ENDING, usage: { ...usage, surcharge } }, prices).priced
        ?.cost;
    };
    expect(charged(undefined, 0)).toBe(110 + 14);
    expect(charged(10, 0)).toBe(121 + 14);
    expect(charged(undefined, 10)).toBe(121 + 14);
    expect(charged(0, 10)).toBe(110 + 14);
  });

  it("keeps the hold, flagged estimated, when usage is missing", () => {
    const settled = settle({});
    expect(amounts(settled)).toEqual(HELD);
    expect(settled.priced).toMatchObject({
      cost: METERED.held,
      usage: { input: 100, output: 40, source: "estimated" },
    });
  });

  it.each([undefined, 200, 302, 500, 502, 504])("keeps the hold after status %s", (status) => {
    expect(amounts(settle({ status }))).toEqual(HELD);
  });

  it.each([400, 401, 404, 429, 499, 503, 529])("bills no tokens after status %i", (status) => {
    const settled = settle({ status });
    expect(amounts(settled)).toEqual([0, 0, 1, 77]);
    expect(settled.priced).toBeUndefined();
  });

  it("bills an error that says what it used", () => {
    const usage: Usage = { ...NONE, input: 30, output: 5 };
    expect(amounts(settle({ status: 400, usage }))).toEqual([110, 35, 1, 77]);
  });

  it("takes null for unknown and zero for zero", () => {
    expect(amounts(settle({ usage: { ...NONE, input: 0, output: 0 } }))).toEqual([0, 0, 1, 77]);
    const settled = settle({ usage: { ...NONE, input: 30 } });
    expect(amounts(settled)).toEqual([30 * 2 + 40 * 10, 70, 1, 77]);
    expect(settled.priced?.usage).toMatchObject({ input: 30, output: 40, source: "estimated" });
  });

  it("charges a whole answer that was counted here as counted, and says so", () => {
    const counted: Usage = { ...NONE, input: 30, output: 5, source: "estimated" };
    const settled = settle({ usage: counted });
    expect(amounts(settled)).toEqual([110, 35, 1, 77]);
    expect(settled.priced?.usage.source).toBe("estimated");
  });

  it("never lets what was seen of a broken answer be cheaper than the hold", () => {
    const seen: Usage = { ...NONE, output: 3, source: "floor" };
    expect(amounts(settle({ usage: seen }))).toEqual(HELD);
    const more: Usage = { ...NONE, output: 60, source: "floor" };
    expect(amounts(settle({ usage: more }))).toEqual([100 * 2 + 60 * 10, 160, 1, 77]);
  });

  it("counts the input exactly where only the output of a broken stream is a guess", () => {
    const usage: Usage = { ...NONE, input: 5, cacheRead: 1, output: 3, source: "floor" };
    const settled = settle({ usage });
    expect(amounts(settled)).toEqual([6 * 2 + 40 * 10, 46, 1, 77]);
    expect(settled.priced?.usage.source).toBe("estimated");
  });

  it("asks no output of a call that has none", () => {
    const embeddings = { ...METERED, outputTokens: 0, held: PRICE.worstCase(100, 0) };
    const settled = settle({ usage: { ...NONE, input: 30 } }, embeddings);
    expect(amounts(settled)).toEqual([60, 30, 1, 77]);
    expect(settled.priced?.usage).toMatchObject({ output: 0, source: "provider" });
  });

  it("settles calls and amounts of what is not metered", () => {
    const lines = agreement(undefined).lines;
    const settled = settlementsOf({ lines, metered: undefined }, ENDING, CATALOGUE);
    expect(amounts(settled)).toEqual([1, 77]);
    expect(settled.priced).toBeUndefined();
  });

  const COUNT = fc.option(fc.nat(200), { nil: undefined });
  const USAGE: fc.Arbitrary<Usage> = fc.record({
    input: COUNT,
    cacheRead: COUNT,
    cacheWrite: COUNT,
    output: COUNT,
    reasoning: COUNT,
    source: fc.constantFrom("provider", "estimated", "floor"),
  });

  it("names every hold once, and never charges less than was counted", () => {
    const endings = fc.record({
      sent: fc.constant(true),
      status: fc.constantFrom(undefined, 200, 500),
      usage: fc.option(USAGE, { nil: undefined }),
      model: fc.constantFrom(undefined, "gpt-4o", "unheard-of"),
    });
    fc.assert(
      fc.property(endings, (ending) => {
        const agreed = agreement(METERED);
        const { settlements, priced } = settlementsOf(agreed, ending, CATALOGUE);
        expect(settlements.map(({ key }) => key)).toEqual(agreed.lines.map((l) => l.hold.key));
        const [cost, tokens] = settlements.map((line) => line.amount);
        const usage = ending.usage ?? NONE;
        const counted = inputTokensOf(usage) + outputTokensOf(usage);
        expect(tokens).toBeGreaterThanOrEqual(counted);
        expect(cost).toBeGreaterThanOrEqual(inputTokensOf(usage) * 2 + outputTokensOf(usage) * 10);
        expect(cost).toBe(priced?.cost);
      }),
    );
  });

  it("charges at least the hold for every class that the provider did not count", () => {
    fc.assert(
      fc.property(USAGE, (usage) => {
        const [cost = 0] = amounts(settle({ usage }));
        const output = usage.source === "floor" || usage.output === undefined;
        if (output) expect(cost).toBeGreaterThanOrEqual(40 * 10);
        if (usage.input === undefined) expect(cost).toBeGreaterThanOrEqual(100 * 2);
      }),
    );
  });
});
