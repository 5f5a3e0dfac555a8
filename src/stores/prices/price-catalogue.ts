import { createHash } from "node:crypto";
import { createModelPrice, type ModelRates } from "../../core/money/model-price.ts";
import { MODEL_NAME_MAX } from "../../core/money/model-name.ts";
import type { ModelPrice, PriceCatalogue } from "../../core/money/price.ts";
import type { PriceStatus } from "../../core/money/priced-usage.ts";
import { TIER_FACTOR_MAX, type ServiceTier } from "../../core/money/service-tier.ts";
import type { Instant } from "../../core/units.ts";
import { GENAI_PRICES_VERSION, listedPrice, type ListedPrice } from "./genai-prices.ts";
import { outputTokensLimit } from "./output-limits.ts";
import {
  ratesOfOverride,
  ratesOfUnpriced,
  type PriceOverlay,
  type PriceOverride,
} from "./price-overlay.ts";
import { ratesInTier, TIERS_READ_ON } from "./tier-multiples.ts";
import { ALWAYS, isInForce, overlap, periodRound, type Period } from "./price-period.ts";

/** Models remembered; their names come from clients, so there is an end. */
const REMEMBERED_MAX = 4096;
const HASH_CHARS = 16;
/** A usual long context; what a model reads that nobody knows. */
const CONTEXT_TOKENS_UNKNOWN = 1_048_576;

/**
 * Prices of the bundled table under the operator's own. Look-ups are remembered for as long as the
 * price holds. Throws RangeError where the overlay holds an amount that is no price.
 */
export function createPriceCatalogue(overlay: PriceOverlay): PriceCatalogue {
  const version = versionOf(overlay);
  const finder: Finder = { overlay, version, unpriced: unpricedOf(overlay, version) };
  for (const override of overlay.overrides) ratesOfOverride(override, undefined);
  const remembered = new Map<string, Remembered>();
  return {
    version,
    price(provider, model, at, tier = "standard") {
      if (model.length > MODEL_NAME_MAX) return finder.unpriced;
      const key = `${tier}\n${provider}\n${model}`;
      const known = remembered.get(key);
      if (known !== undefined && at >= known.from && at < known.until) return known.price;
      const found = find(finder, { provider, model, at, tier });
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(key, found);
      return found.price;
    },
  };
}

interface Finder {
  readonly overlay: PriceOverlay;
  readonly version: string;
  readonly unpriced: ModelPrice | undefined;
}

export interface Wanted {
  readonly provider: string;
  readonly model: string;
  readonly at: Instant;
  readonly tier: ServiceTier;
}

interface Remembered extends Period {
  readonly price: ModelPrice | undefined;
}

function find(finder: Finder, wanted: Wanted): Remembered {
  const found = lookUpRates(finder.overlay, wanted);
  const { rates, status, from, until } = found;
  if (rates === undefined) return { from, until, price: finder.unpriced };
  return { from, until, price: priceOf(finder, wanted, rates, status, found) };
}

export interface FoundRates extends Period, Sources {
  /** Undefined: nobody knows. */
  readonly rates: ModelRates | undefined;
  readonly status: Exclude<PriceStatus, "unpriced">;
}

/** The operator's own price, else the catalogue's. */
export function lookUpRates(overlay: PriceOverlay, wanted: Wanted): FoundRates {
  const { provider, model, at, tier } = wanted;
  const own = overlay.overrides.filter((override) => appliesTo(override, wanted));
  const listed = listedPrice(provider, model, at);
  const period = overlap(periodRound(own, at), listed ?? ALWAYS);
  const override = own.find((one) => isInForce(one, at));
  const rates = override === undefined ? undefined : ratesOfOverride(override, listed?.rates);
  if (rates !== undefined) return { ...period, override, listed, rates, status: "exact" };
  if (tier === "standard") {
    const status = listed?.exact === true ? "exact" : "aliased";
    return { ...period, override: undefined, listed, rates: listed?.rates, status };
  }
  const standard = lookUpRates(overlay, { ...wanted, tier: "standard" });
  const known = standard.rates && ratesOfTier(standard.rates, wanted);
  return { ...standard, ...overlap(period, standard), rates: known, status: "aliased" };
}

/** A discount that nobody priced is none; a surcharge is unknown. */
function ratesOfTier(standard: ModelRates, wanted: Wanted): ModelRates | undefined {
  const unpublished = TIER_FACTOR_MAX[wanted.tier] === 1 ? standard : undefined;
  return ratesInTier(standard, wanted) ?? unpublished;
}

interface Sources {
  readonly override: PriceOverride | undefined;
  readonly listed: ListedPrice | undefined;
}

function priceOf(
  { version }: Finder,
  { model }: Wanted,
  rates: ModelRates,
  status: PriceStatus,
  { override, listed }: Sources,
): ModelPrice {
  const context = override?.context_tokens ?? listed?.contextTokens;
  return createModelPrice(rates, {
    status,
    catalogue: version,
    outputTokensMax: override?.output_tokens_max,
    outputTokensLimit: outputTokensLimit(model, context),
    contextTokens: context ?? CONTEXT_TOKENS_UNKNOWN,
  });
}

function unpricedOf({ unpriced }: PriceOverlay, version: string): ModelPrice | undefined {
  if (unpriced === "refuse") return undefined;
  return createModelPrice(ratesOfUnpriced(unpriced), {
    status: "unpriced",
    catalogue: version,
    outputTokensMax: undefined,
    outputTokensLimit: outputTokensLimit("", undefined),
    contextTokens: CONTEXT_TOKENS_UNKNOWN,
  });
}

function appliesTo(override: PriceOverride, { provider, model, tier }: Wanted): boolean {
  if (override.provider !== provider || (override.tier ?? "standard") !== tier) return false;
  return namesModel(override, model);
}

export function namesModel({ model: name }: PriceOverride, model: string): boolean {
  return name.endsWith("*") ? model.startsWith(name.slice(0, -1)) : name === model;
}

function versionOf(overlay: PriceOverlay): string {
  const hash = createHash("sha256")
    .update(GENAI_PRICES_VERSION + TIERS_READ_ON)
    .update(JSON.stringify(overlay));
  return `genai-prices@${GENAI_PRICES_VERSION}+${hash.digest("hex").slice(0, HASH_CHARS)}`;
}
