import { createHash } from "node:crypto";
import { createModelPrice } from "../../core/money/model-price.ts";
import { MODEL_NAME_MAX } from "../../core/money/model-name.ts";
import type { ModelPrice, PriceCatalogue } from "../../core/money/price.ts";
import type { Instant } from "../../core/units.ts";
import { GENAI_PRICES_VERSION, listedPrice } from "./genai-prices.ts";
import {
  ratesOfOverride,
  ratesOfUnpriced,
  type PriceOverlay,
  type PriceOverride,
} from "./price-overlay.ts";

/** Pairs of provider and model remembered; model names come from clients, so there is an end. */
const REMEMBERED_MAX = 4096;
const HASH_CHARS = 16;

/**
 * Prices of the bundled table under the operator's own. Look-ups are remembered for as long as the
 * price holds. Throws RangeError where the overlay holds an amount that is no price.
 */
export function createPriceCatalogue(overlay: PriceOverlay): PriceCatalogue {
  const overrides = overlay.overrides.map((override) => ({
    override,
    price: createModelPrice(ratesOfOverride(override), "exact", override.output_tokens_max),
  }));
  const unpriced =
    overlay.unpriced === "refuse"
      ? undefined
      : createModelPrice(ratesOfUnpriced(overlay.unpriced), "unpriced", undefined);
  const remembered = new Map<string, Remembered>();

  function find(provider: string, model: string, at: Instant): Remembered {
    const own = overrides.find(({ override }) => appliesTo(override, provider, model));
    if (own !== undefined) return { price: own.price, from: -Infinity, until: Infinity };
    const listed = listedPrice(provider, model, at);
    if (listed === undefined) return { price: unpriced, from: -Infinity, until: Infinity };
    const status = listed.exact ? "exact" : "aliased";
    const price = createModelPrice(listed.rates, status, undefined);
    return { price, from: listed.from, until: listed.until };
  }

  return {
    version: versionOf(overlay),
    price(provider, model, at) {
      if (model.length > MODEL_NAME_MAX) return unpriced;
      const key = `${provider}\n${model}`;
      const known = remembered.get(key);
      if (known !== undefined && at >= known.from && at < known.until) return known.price;
      const found = find(provider, model, at);
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(key, found);
      return found.price;
    },
  };
}

interface Remembered {
  readonly price: ModelPrice | undefined;
  readonly from: number;
  readonly until: number;
}

function appliesTo(override: PriceOverride, provider: string, model: string): boolean {
  if (override.provider !== provider) return false;
  return override.model.endsWith("*")
    ? model.startsWith(override.model.slice(0, -1))
    : override.model === model;
}

function versionOf(overlay: PriceOverlay): string {
  const hash = createHash("sha256").update(GENAI_PRICES_VERSION).update(JSON.stringify(overlay));
  return `genai-prices@${GENAI_PRICES_VERSION}+${hash.digest("hex").slice(0, HASH_CHARS)}`;
}
