import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { instant, type Instant } from "../../../src/core/units.ts";
import { GENAI_PRICES_VERSION } from "../../../src/stores/prices/genai-prices.ts";
import { createPriceCatalogue } from "../../../src/stores/prices/price-catalogue.ts";
import {
  NO_OVERLAY,
  type DecimalText,
  type PriceOverlay,
  type PriceOverride,
} from "../../../src/stores/prices/price-overlay.ts";
import { NONE } from "./usage-streams.ts";

const at = (iso: string): Instant => instant(Date.parse(iso));
const NOW = at("2026-11-21T12:00:00Z");
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
});
