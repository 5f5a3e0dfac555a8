import { ATTO_USD_SCALE, type ModelRates, type Rate } from "../../core/money/model-price.ts";
import { parseDecimal } from "../../core/money/decimal.ts";

/** A decimal: text is exact as written, a number as JavaScript prints it. */
export type DecimalText = string | number;

/** Prices an operator negotiated, or of models that no catalogue has. USD per million tokens. */
export interface PriceOverlay {
  readonly overrides: readonly PriceOverride[];
  /** What happens to a model without a price. */
  readonly unpriced: "refuse" | UnpricedRates;
}

export interface UnpricedRates {
  readonly inputUsdPerMtok: DecimalText;
  readonly outputUsdPerMtok: DecimalText;
}

export interface PriceOverride extends UnpricedRates {
  readonly provider: string;
  /** The exact name; `*` at the end stands for any rest. */
  readonly model: string;
  readonly cacheReadUsdPerMtok?: DecimalText | undefined;
  readonly cacheWriteUsdPerMtok?: DecimalText | undefined;
  readonly cacheWriteHourUsdPerMtok?: DecimalText | undefined;
  readonly reasoningUsdPerMtok?: DecimalText | undefined;
  readonly audioInputUsdPerMtok?: DecimalText | undefined;
  readonly audioOutputUsdPerMtok?: DecimalText | undefined;
  readonly requestUsd?: DecimalText | undefined;
  readonly outputTokensMax?: number | undefined;
}

export const NO_OVERLAY: PriceOverlay = { overrides: [], unpriced: "refuse" };

/** No model costs more; a larger number is a slip of the unit, such as cents for dollars. */
export const USD_PER_MTOK_MAX = 10_000;

/** 10⁻⁶ USD is the price of one token where a million cost 1 USD. */
const MTOK_DIGITS = 6;

/** Unit prices of an override. Throws RangeError for an amount that is no price. */
export function ratesOfOverride(override: PriceOverride): ModelRates {
  return {
    ...ratesOfUnpriced(override),
    cacheRead: perToken(override.cacheReadUsdPerMtok),
    cacheWrite: perToken(override.cacheWriteUsdPerMtok),
    cacheWriteHour: perToken(override.cacheWriteHourUsdPerMtok),
    audioInput: perToken(override.audioInputUsdPerMtok),
    reasoning: perToken(override.reasoningUsdPerMtok),
    audioOutput: perToken(override.audioOutputUsdPerMtok),
    request: rateOf(override.requestUsd, 0),
  };
}

/** The operator's worst case: every kind of input, and every kind of output, costs the same. */
export function ratesOfUnpriced(unpriced: UnpricedRates): ModelRates {
  const input = perToken(unpriced.inputUsdPerMtok);
  const output = perToken(unpriced.outputUsdPerMtok);
  if (input === undefined || output === undefined) throw new RangeError("a price is missing");
  return {
    input,
    output,
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

function perToken(price: DecimalText | undefined): Rate | undefined {
  return rateOf(price, MTOK_DIGITS);
}

function rateOf(price: DecimalText | undefined, digits: number): Rate | undefined {
  if (price === undefined) return undefined;
  const base = parseDecimal(String(price), ATTO_USD_SCALE - digits);
  if (base === undefined || Number(price) > USD_PER_MTOK_MAX) {
    throw new RangeError(`not a price in USD: ${price}`);
  }
  return { base, tiers: [] };
}
