import { ATTO_USD_SCALE, type ModelRates, type Rate } from "../../core/money/model-price.ts";
import { parseDecimal } from "../../core/money/decimal.ts";

/** USD per million tokens. Text is exact as written, a number as JavaScript prints it. */
export type DecimalText = string | number;

/**
 * Prices an operator negotiated, or of models that no catalogue has: `prices` of the config file,
 * keys as written there.
 */
export interface PriceOverlay {
  readonly overrides: readonly PriceOverride[];
  /** What happens to a model without a price. */
  readonly unpriced: "refuse" | UnpricedRates;
}

export interface UnpricedRates {
  readonly input_usd_per_mtok: DecimalText;
  readonly output_usd_per_mtok: DecimalText;
}

export interface PriceOverride extends UnpricedRates {
  readonly provider: string;
  /** The exact name; `*` at the end stands for any rest. The first that fits counts. */
  readonly model: string;
  readonly cache_read_usd_per_mtok?: DecimalText | undefined;
  readonly cache_write_usd_per_mtok?: DecimalText | undefined;
  readonly output_tokens_max?: number | undefined;
}

export const NO_OVERLAY: PriceOverlay = { overrides: [], unpriced: "refuse" };

/** No model costs more; a larger number is a slip of the unit, such as cents for dollars. */
export const USD_PER_MTOK_MAX = 10_000;

const MTOK_DIGITS = 6;

/** Unit prices of an override. Throws RangeError for an amount that is no price. */
export function ratesOfOverride(override: PriceOverride): ModelRates {
  return {
    ...ratesOfUnpriced(override),
    cacheRead: optionalRate(override.cache_read_usd_per_mtok),
    cacheWrite: optionalRate(override.cache_write_usd_per_mtok),
  };
}

/** The operator's worst case: every kind of input, and every kind of output, costs the same. */
export function ratesOfUnpriced(unpriced: UnpricedRates): ModelRates {
  return {
    input: rateOf(unpriced.input_usd_per_mtok),
    output: rateOf(unpriced.output_usd_per_mtok),
    cacheRead: undefined,
    cacheWrite: undefined,
    cacheWriteHour: undefined,
    audioInput: undefined,
    imageInput: undefined,
    reasoning: undefined,
    audioOutput: undefined,
    imageOutput: undefined,
    webSearch: undefined,
    request: undefined,
  };
}

function optionalRate(price: DecimalText | undefined): Rate | undefined {
  return price === undefined ? undefined : rateOf(price);
}

function rateOf(price: DecimalText): Rate {
  const base = parseDecimal(String(price), ATTO_USD_SCALE - MTOK_DIGITS);
  if (base === undefined || Number(price) > USD_PER_MTOK_MAX) {
    throw new RangeError(`not a price in USD per million tokens: ${price}`);
  }
  return { base, tiers: [] };
}
