/**
 * What providers publish of their tiers as a multiple of the standard price. The table of prices
 * knows none of them; where this list is silent too, a surcharge is unknown and a discount is none.
 *
 * @see https://openai.com/api-priority-processing/
 * @see https://developers.openai.com/api/docs/guides/flex-processing
 * @see https://platform.claude.com/docs/build-with-claude/fast-mode
 * @see https://platform.claude.com/docs/en/build-with-claude/batch-processing
 * @see https://ai.google.dev/gemini-api/docs/optimization
 */
import { divideUp } from "../../core/money/decimal.ts";
import type { ModelRates, Rate } from "../../core/money/model-price.ts";
import type { ServiceTier } from "../../core/money/service-tier.ts";
import { PRICES_PER_MTOK } from "./price-overlay.ts";

/** When these pages were read: part of the catalogue's version. */
export const TIERS_READ_ON = "2026-11-21";

interface TierMultiple {
  readonly provider: string;
  readonly tier: ServiceTier;
  readonly models: RegExp;
  /** Numerator and denominator: 20/11 is no decimal. */
  readonly times: readonly [bigint, bigint];
}

/** Snapshots cost what their model costs: `-2026-03-05`. */
const DATED = String.raw`(?:-\d{4}-\d{2}-\d{2})?$`;
const model = (names: string): RegExp => new RegExp(`^(?:${names})${DATED}`);

const MULTIPLES: readonly TierMultiple[] = [
  { provider: "openai", tier: "priority", models: model(String.raw`gpt-5\.5`), times: [5n, 2n] },
  {
    provider: "openai",
    tier: "priority",
    models: model(String.raw`gpt-5(?:\.[124])?|gpt-5(?:\.1)?-codex|gpt-5\.4-mini`),
    times: [2n, 1n],
  },
  { provider: "openai", tier: "priority", models: model("gpt-5-mini"), times: [9n, 5n] },
  { provider: "openai", tier: "priority", models: model(String.raw`gpt-4\.1`), times: [7n, 4n] },
  // Half of everything, cached input included, on the models that have it.
  {
    provider: "openai",
    tier: "flex",
    models: model(String.raw`gpt-5(?:\.\d)?(?:-mini|-nano)?|o3|o4-mini`),
    times: [1n, 2n],
  },
  { provider: "anthropic", tier: "fast", models: /^claude-opus-4-6/, times: [6n, 1n] },
  {
    provider: "anthropic",
    tier: "fast",
    models: /^claude-opus-(?:4-8|5$|5-\d{8})/,
    times: [2n, 1n],
  },
  { provider: "anthropic", tier: "batch", models: /^claude-/, times: [1n, 2n] },
  // "75% to 100% more": the dearest of it.
  { provider: "google", tier: "priority", models: /^gemini-/, times: [2n, 1n] },
];

/** Undefined where nobody publishes it. Calls of the provider's tools cost the same in every tier. */
export function ratesInTier(
  standard: ModelRates,
  asked: { readonly provider: string; readonly model: string; readonly tier: ServiceTier },
): ModelRates | undefined {
  const found = MULTIPLES.find(
    ({ provider, tier, models }) =>
      provider === asked.provider && tier === asked.tier && models.test(asked.model),
  );
  if (found === undefined) return undefined;
  const { times } = found;
  const rates: { -readonly [name in keyof ModelRates]: ModelRates[name] } = { ...standard };
  rates.input = rateTimes(standard.input, times);
  for (const [, name] of PRICES_PER_MTOK) {
    const rate = standard[name];
    if (rate !== undefined) rates[name] = rateTimes(rate, times);
  }
  return rates;
}

function rateTimes({ base, tiers }: Rate, [by, over]: readonly [bigint, bigint]): Rate {
  return {
    base: divideUp(base * by, over),
    tiers: tiers.map(({ above, price }) => ({ above, price: divideUp(price * by, over) })),
  };
}
