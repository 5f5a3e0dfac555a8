/** What two sets of prices say differently of the models that either names. */
import { SERVICE_TIERS, type ServiceTier } from "../../core/money/service-tier.ts";
import { ATTO_USD_SCALE, type ModelRates, type Rate } from "../../core/money/model-price.ts";
import type { Instant } from "../../core/units.ts";
import { listedModels } from "./genai-prices.ts";
import { lookUpRates, namesModel } from "./price-catalogue.ts";
import {
  PRICES_PER_CALL,
  PRICES_PER_MTOK,
  type PriceOverlay,
  type PriceOverride,
} from "./price-overlay.ts";

export interface PriceDifference {
  readonly provider: string;
  readonly model: string;
  readonly tier: ServiceTier;
  /** As price files spell it. */
  readonly key: string;
  /** As a person writes it; undefined: no price of its own. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function comparePrices(
  before: PriceOverlay,
  after: PriceOverlay,
  at: Instant,
): readonly PriceDifference[] {
  const names = new Map<string, { readonly provider: string; readonly model: string }>();
  for (const override of [...before.overrides, ...after.overrides]) {
    for (const model of modelsNamed(override)) {
      names.set(`${override.provider}\n${model}`, { provider: override.provider, model });
    }
  }
  return [...names.values()].flatMap((name) =>
    SERVICE_TIERS.flatMap((tier) => {
      const wanted = { ...name, at, tier };
      const old = lookUpRates(before, wanted).rates;
      return differences(wanted, old, lookUpRates(after, wanted).rates);
    }),
  );
}

function modelsNamed(override: PriceOverride): readonly string[] {
  if (!override.model.endsWith("*")) return [override.model];
  return listedModels(override.provider).filter((model) => namesModel(override, model));
}

interface Named {
  readonly provider: string;
  readonly model: string;
  readonly tier: ServiceTier;
}

function differences(
  { provider, model, tier }: Named,
  before: ModelRates | undefined,
  after: ModelRates | undefined,
): readonly PriceDifference[] {
  const found: PriceDifference[] = [];
  for (const [key, name] of [...PRICES_PER_MTOK, ...PRICES_PER_CALL]) {
    const [old, next] = [rateText(key, before?.[name]), rateText(key, after?.[name])];
    if (old !== next) found.push({ provider, model, tier, key, before: old, after: next });
  }
  return found;
}

/** In the unit that the key names: `1.25`, or `3, 6 above 200000 tokens`. */
export function rateText(key: string, rate: Rate | undefined): string | undefined {
  if (rate === undefined) return undefined;
  const digits = key.endsWith("_per_mtok") ? ATTO_USD_SCALE - 6 : ATTO_USD_SCALE;
  const tiers = rate.tiers.map(
    ({ above, price }) => `, ${decimalText(price, digits)} above ${above} tokens`,
  );
  return decimalText(rate.base, digits) + tiers.join("");
}

function decimalText(amount: bigint, digits: number): string {
  const text = String(amount).padStart(digits + 1, "0");
  const fraction = text.slice(-digits).replace(/0+$/, "");
  const whole = text.slice(0, -digits);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
