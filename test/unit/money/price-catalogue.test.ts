import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PriceCatalogue } from "../../../src/core/money/price.ts";
import type { ServiceTier } from "../../../src/core/money/service-tier.ts";
import { instant, type Instant } from "../../../src/core/units.ts";
import { GENAI_PRICES_VERSION, listedModels } from "../../../src/stores/prices/genai-prices.ts";
import { createPriceCatalogue } from "../../../src/stores/prices/price-catalogue.ts";
import {
  NO_OVERLAY,
  type DecimalText,
  type PriceOverlay,
  type PriceOverride,
} from "../../../src/stores/prices/price-overlay.ts";
import { NONE } from "./usage-streams.ts";

const at = (iso: string): Instant => instant(Date.parse(iso));
const NOW_ISO = "2026-11-21T12:00:00Z";
const NOW = at(NOW_ISO);
const MILLION = 1_000_000;
const USD = 1_000_000_000;

const bundled = createPriceCatalogue(NO_OVERLAY);
const only = (input: number, output: number) => ({ ...NONE, input, output });

function usdPerMillion(provider: string, model: string, time: Instant = NOW) {
  const price = bundled.price(provider, model, time);
  if (price === undefined) return undefined;
  return {
    status: price.status,
    input: (price.cost(only(100_000, 0)) * 10) / USD,
    output: (price.cost(only(0, 100_000)) * 10) / USD,
  };
}

describe("the bundled catalogue", () => {
  it("knows models by their own name and by the names of their snapshots", () => {
    const gpt = { input: 2.5, output: 10 };
    expect(usdPerMillion("openai", "gpt-4o")).toEqual({ status: "exact", ...gpt });
    expect(usdPerMillion("openai", "gpt-4o-2024-08-06")).toEqual({ status: "aliased", ...gpt });
    expect(usdPerMillion("anthropic", "claude-haiku-4-5-20251001")).toEqual({
      status: "aliased",
      input: 1,
      output: 5,
    });
    expect(usdPerMillion("google", "gemini-2.5-flash")).toEqual({
      status: "exact",
      input: 0.3,
      output: 2.5,
    });
  });

  it("knows nothing of models and providers that nobody listed", () => {
    for (const [provider, model] of [
      ["openai", "gpt-99-imaginary"],
      ["nobody", "gpt-4o"],
      ["", ""],
      ["openai", "x".repeat(100_000)],
      ["openai", "__proto__"],
      ["constructor", "toString"],
    ] as const) {
      expect(bundled.price(provider, model, NOW)).toBeUndefined();
    }
  });

  it("does not price by token what is billed by the hour of audio", () => {
    expect(bundled.price("groq", "whisper-large-v3", NOW)).toBeUndefined();
  });

  it("changes the price on the day it changed, also for a model it remembers", () => {
    const before = usdPerMillion("openai", "o3", at("2025-06-09T23:59:59.999Z"));
    const after = usdPerMillion("openai", "o3", at("2025-06-10T00:00:00Z"));
    expect(before).toMatchObject({ input: 10, output: 40 });
    expect(after).toMatchObject({ input: 2, output: 8 });
    expect(usdPerMillion("openai", "o3", at("2025-06-09T00:00:00Z"))).toEqual(before);
  });

  it("changes the price by the hour where the provider does", () => {
    const day = usdPerMillion("deepseek", "deepseek-chat", at("2026-11-21T00:30:00Z"));
    const night = usdPerMillion("deepseek", "deepseek-chat", at("2026-11-21T16:30:00Z"));
    expect(day).not.toEqual(night);
    expect(usdPerMillion("deepseek", "deepseek-chat", at("2026-11-21T16:29:59.999Z"))).toEqual(day);
    expect(usdPerMillion("deepseek", "deepseek-chat", at("2026-11-22T00:29:59.999Z"))).toEqual(
      night,
    );
    expect(usdPerMillion("deepseek", "deepseek-chat", at("2026-11-22T00:30:00Z"))).toEqual(day);
  });

  it("bills long prompts by their tier, and holds for it", () => {
    const sonnet = bundled.price("anthropic", "claude-sonnet-4-5", NOW);
    expect(sonnet?.cost(only(200_000, 1000))).toBe(200_000 * 3000 + 15_000 * 1000);
    expect(sonnet?.cost(only(200_001, 1000))).toBe(200_001 * 6000 + 22_500 * 1000);
    // The dearest input of all is the cache write that lasts an hour.
    expect(sonnet?.worstCase(200_001, 0)).toBe(200_001 * 12_000);
  });

  it("bills cache reads and writes by their own price", () => {
    const sonnet = bundled.price("anthropic", "claude-sonnet-4-5", NOW);
    const tokens = 100_000;
    const cost = (more: object) => sonnet?.cost({ ...only(0, 0), ...more });
    expect(cost({ cacheRead: tokens })).toBe(tokens * 300);
    expect(cost({ cacheWrite: tokens })).toBe(tokens * 3750);
    expect(cost({ cacheWriteHour: tokens })).toBe(tokens * 6000);
    expect(cost({ webSearches: 3 })).toBe(0.03 * USD);
  });

  it("hands out one price object for as long as the price holds", () => {
    const first = bundled.price("openai", "gpt-4o", NOW);
    expect(bundled.price("openai", "gpt-4o", instant(NOW + 1))).toBe(first);
  });

  it("carries the version that package.json asks for, and a hash of the overlay", () => {
    const manifest = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    );
    expect(manifest.dependencies["@pydantic/genai-prices"]).toBe(GENAI_PRICES_VERSION);
    expect(bundled.version).toMatch(/^genai-prices@0\.1\.8\+[0-9a-f]{16}$/);
    const other = createPriceCatalogue({ ...NO_OVERLAY, unpriced: OWN });
    expect(other.version).not.toBe(bundled.version);
    expect(createPriceCatalogue({ ...NO_OVERLAY }).version).toBe(bundled.version);
  });

  it("has no row a hundred thousand times too dear, whichever version is installed", () => {
    const dear = ["openai", "anthropic", "google", "aws", "azure", "mistral", "x-ai", "deepseek"]
      .flatMap((provider) => listedModels(provider).map((name) => [provider, name] as const))
      .filter(([provider, name]) => (usdPerMillion(provider, name)?.output ?? 0) > 1000);
    expect(dear).toEqual([]);
    expect(listedModels("openai").length).toBeGreaterThan(50);
  });

  it("never goes to the network", async () => {
    const asked: unknown[] = [];
    const { fetch } = globalThis;
    globalThis.fetch = async (...args) => {
      asked.push(args);
      throw new Error("no network");
    };
    try {
      bundled.price("openai", "never-looked-up-before", NOW);
      await new Promise((turn) => setImmediate(turn));
    } finally {
      globalThis.fetch = fetch;
    }
    expect(asked).toEqual([]);
  });
});

const OWN = { input_usd_per_mtok: 1, output_usd_per_mtok: 2 };
const override = (more: Partial<PriceOverride>): PriceOverlay => ({
  overrides: [{ provider: "openai", model: "gpt-4o", ...OWN, ...more }],
  unpriced: "refuse",
});

describe("the operator's overlay", () => {
  it("goes before the catalogue, exactly as it is written", () => {
    const own = { input_usd_per_mtok: "0.000001", output_usd_per_mtok: 0.1 };
    const price = createPriceCatalogue(override(own)).price("openai", "gpt-4o", NOW);
    expect(price?.status).toBe("exact");
    expect(price?.cost(only(999_999, 0))).toBe(1000);
    expect(price?.cost(only(0, 3))).toBe(300);
  });

  it("names a family of models with a star, first come first served", () => {
    const prices = createPriceCatalogue({
      overrides: [
        { provider: "local", model: "llama-big", input_usd_per_mtok: 7, output_usd_per_mtok: 7 },
        { provider: "local", model: "llama*", input_usd_per_mtok: 0, output_usd_per_mtok: 0 },
      ],
      unpriced: "refuse",
    });
    expect(prices.price("local", "llama-big", NOW)?.cost(only(MILLION, 0))).toBe(7 * USD);
    expect(prices.price("local", "llama-small", NOW)?.cost(only(MILLION, MILLION))).toBe(0);
    expect(prices.price("local", "mistral", NOW)).toBeUndefined();
    expect(prices.price("openai", "llama-small", NOW)).toBeUndefined();
  });

  it("names what a cache and the largest answer are", () => {
    const prices = createPriceCatalogue(
      override({ cache_read_usd_per_mtok: 0.1, cache_write_usd_per_mtok: 9, output_tokens_max: 8 }),
    );
    const price = prices.price("openai", "gpt-4o", NOW);
    expect(price?.outputTokensMax).toBe(8);
    expect(price?.cost({ ...only(0, 0), cacheRead: 10, cacheWrite: 10 })).toBe(91_000);
    expect(price?.worstCase(10, 0)).toBe(90_000);
  });

  it("prices the unpriced at the operator's worst case, and says so", () => {
    const prices = createPriceCatalogue({ overrides: [], unpriced: OWN });
    const price = prices.price("nobody", "nothing", NOW);
    expect(price?.status).toBe("unpriced");
    expect(price?.cost(only(MILLION, MILLION))).toBe(3 * USD);
    expect(prices.price("nobody", "x".repeat(1000), NOW)?.status).toBe("unpriced");
    expect(prices.price("openai", "gpt-4o", NOW)?.status).toBe("exact");
  });

  it.each<DecimalText>(["-1", -1, "1,5", "", Number.NaN, Infinity, 10_001, "1 USD"])(
    "is refused when a price is %j",
    (input_usd_per_mtok) => {
      expect(() => createPriceCatalogue(override({ input_usd_per_mtok }))).toThrow(RangeError);
    },
  );

  const rows = (...more: readonly Partial<PriceOverride>[]): PriceCatalogue =>
    createPriceCatalogue({
      overrides: more.map((one) => ({ provider: "local", model: "m", ...OWN, ...one })),
      unpriced: "refuse",
    });
  const inputAt = (prices: PriceCatalogue, iso: string, tier?: ServiceTier) =>
    (prices.price("local", "m", at(iso), tier)?.cost(only(MILLION, 0)) ?? Number.NaN) / USD;

  it("changes on its dates, the beginning in it and the end not", () => {
    const prices = rows(
      { from: "2026-03-01", until: "2026-04-01", input_usd_per_mtok: 5 },
      { from: "2026-04-01", input_usd_per_mtok: 7 },
      { input_usd_per_mtok: 3 },
    );
    expect(inputAt(prices, "2026-02-28T23:59:59.999Z")).toBe(3);
    expect(inputAt(prices, "2026-03-01T00:00:00Z")).toBe(5);
    expect(inputAt(prices, "2026-03-31T23:59:59.999Z")).toBe(5);
    expect(inputAt(prices, "2026-04-01T00:00:00Z")).toBe(7);
    expect(inputAt(prices, "2026-02-01T00:00:00Z")).toBe(3);
  });

  it("changes with the time of day, also over midnight", () => {
    const prices = rows(
      { hours: { from: "16:30", until: "00:30" }, input_usd_per_mtok: 1 },
      { input_usd_per_mtok: 2 },
    );
    const seen = ["16:29:59.999", "16:30:00", "23:59:59", "00:29:59.999", "00:30:00", "12:00:00"];
    expect(seen.map((time) => inputAt(prices, `2026-11-21T${time}Z`))).toEqual([2, 1, 1, 1, 2, 2]);
  });

  it("never disagrees with a look-up that remembers nothing, whatever the order of times", () => {
    const overrides = [
      { from: "2026-11-21", hours: { from: "22:00", until: "06:00" }, input_usd_per_mtok: 1 },
      { hours: { from: "09:00", until: "17:00" }, until: "2026-11-23", input_usd_per_mtok: 2 },
      { input_usd_per_mtok: 3 },
    ];
    const remembering = rows(...overrides);
    const start = Date.parse("2026-11-19T00:00:00Z");
    fc.assert(
      fc.property(fc.array(fc.nat(6 * 24 * 60), { maxLength: 20 }), (minutes) => {
        for (const minute of minutes) {
          const iso = new Date(start + minute * 60_000).toISOString();
          expect(inputAt(remembering, iso)).toBe(inputAt(rows(...overrides), iso));
        }
      }),
    );
  });

  it("has a list for each tier; a discount that nobody priced is none, a surcharge unknown", () => {
    const prices = rows(
      { input_usd_per_mtok: 4 },
      { tier: "batch", input_usd_per_mtok: 2 },
      { tier: "priority", input_usd_per_mtok: 8 },
    );
    const now = NOW_ISO;
    expect(inputAt(prices, now, "batch")).toBe(2);
    expect(inputAt(prices, now, "priority")).toBe(8);
    expect(inputAt(prices, now, "flex")).toBe(4);
    expect(prices.price("local", "m", at(now), "flex")?.status).toBe("aliased");
    expect(prices.price("local", "m", at(now), "fast")).toBeUndefined();
    expect(prices.price("openai", "gpt-4o", NOW, "priority")).toBeUndefined();
    expect(prices.price("openai", "gpt-4o", NOW, "flex")?.cost(only(MILLION, 0))).toBe(2.5 * USD);
  });

  it.each([
    ["openai", "gpt-5.5", "priority", 2.5],
    ["openai", "gpt-5.2-2025-12-11", "priority", 2],
    ["openai", "gpt-5-mini", "priority", 1.8],
    ["openai", "gpt-4.1", "priority", 1.75],
    ["openai", "gpt-5-mini", "flex", 0.5],
    ["openai", "gpt-4o", "flex", 1],
    ["anthropic", "claude-opus-4-6", "fast", 6],
    ["anthropic", "claude-opus-4-8", "fast", 2],
    ["anthropic", "claude-sonnet-4-5", "batch", 0.5],
    ["google", "gemini-2.5-flash", "priority", 2],
  ] as const)(
    "prices %s's %s in the tier %s at %d times the standard",
    (provider, name, tier, times) => {
      const usage = { ...only(100_000, 20_000), cacheRead: 50_000, cacheWrite: 10_000 };
      const standard = bundled.price(provider, name, NOW)?.cost(usage) ?? Number.NaN;
      const price = bundled.price(provider, name, NOW, tier);
      expect(price?.status).toBe("aliased");
      expect(price?.cost(usage)).toBe(Math.round(standard * times));
    },
  );

  it("multiplies tokens and not calls, and what the operator says comes first", () => {
    const calls = { ...only(0, 0), webSearches: 3 };
    const of = (catalogue: PriceCatalogue, tier?: ServiceTier) =>
      catalogue.price("anthropic", "claude-opus-4-6", NOW, tier)?.cost(calls);
    expect(of(bundled, "fast")).toBe(of(bundled));
    const entry = { provider: "openai", model: "gpt-5.5" };
    const own = (...overrides: PriceOverride[]) =>
      createPriceCatalogue({ overrides, unpriced: "refuse" }).price(
        "openai",
        "gpt-5.5",
        NOW,
        "priority",
      );
    const negotiated = { ...entry, input_usd_per_mtok: 4 };
    expect(own(negotiated)?.cost(only(100_000, 0))).toBe(1 * USD);
    const listed = { ...entry, tier: "priority", input_usd_per_mtok: 9 } as const;
    expect(own(listed, negotiated)?.cost(only(100_000, 0))).toBe(0.9 * USD);
  });

  it("refuses a dearer tier of a model whose multiple nobody publishes", () => {
    for (const name of ["gpt-5.5-pro", "gpt-4.1-nano", "gpt-5.5-turbo"]) {
      expect(bundled.price("openai", name, NOW, "priority")).toBeUndefined();
    }
    expect(bundled.price("anthropic", "claude-opus-5-5", NOW, "fast")).toBeUndefined();
    expect(bundled.price("aws", "anthropic.claude-opus-4-6-v1:0", NOW, "fast")).toBeUndefined();
    expect(bundled.price("openai", "gpt-5.5", NOW, "other")).toBeUndefined();
  });

  it("adds to the catalogue's price what it leaves out", () => {
    const searches = { web_search_usd: 0.014, input_usd_per_mtok: undefined };
    const prices = createPriceCatalogue({
      overrides: [{ provider: "google", model: "gemini-2.5-*", ...searches }],
      unpriced: "refuse",
    });
    const price = prices.price("google", "gemini-2.5-flash", NOW);
    expect(price?.covers("web_search")).toBe(true);
    expect(price?.cost({ ...only(MILLION, 0), webSearches: 2 })).toBe(0.328 * USD);
    expect(bundled.price("google", "gemini-2.5-flash", NOW)?.covers("web_search")).toBe(false);
  });

  it("changes tier with the size of the input", () => {
    const tiered = { base: "1", above: [{ tokens: 1000, usd_per_mtok: "2" }] };
    const price = rows({ input_usd_per_mtok: tiered }).price("local", "m", NOW);
    expect(price?.cost(only(1000, 0))).toBe(1_000_000);
    expect(price?.cost(only(1001, 0))).toBe(2_002_000);
  });
});

describe("a model's own limits", () => {
  it.each([
    ["openai", "gpt-4.1", 32_768, 1_000_000],
    ["openai", "gpt-4o-mini", 16_384, 128_000],
    ["openai", "gpt-5.2", 131_072, 400_000],
    ["anthropic", "claude-opus-4-1", 32_000, 200_000],
    // Its price for inputs above 200,000 tokens says that it reads more.
    ["anthropic", "claude-sonnet-4-5", 64_000, 1_048_576],
    ["aws", "us.anthropic.claude-haiku-4-5-20251001-v1:0", 64_000, 200_000],
  ])("of %s/%s are known to a hold", (provider, model, output, context) => {
    const price = bundled.price(provider, model, NOW);
    expect(price).toMatchObject({ outputTokensLimit: output, contextTokens: context });
  });
});
