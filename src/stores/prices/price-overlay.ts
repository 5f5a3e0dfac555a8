import type { ServiceTier } from "../../core/money/service-tier.ts";
import { ATTO_USD_SCALE, type ModelRates, type Rate } from "../../core/money/model-price.ts";
import { parseDecimal } from "../../core/money/decimal.ts";

/** An amount in USD. Text is exact as written, a number as JavaScript prints it. */
export type DecimalText = string | number;

/** A price that may change when the whole input is larger than `tokens`. */
export interface TieredPrice {
  readonly base: DecimalText;
  readonly above: readonly { readonly tokens: number; readonly usd_per_mtok: DecimalText }[];
}

export type Price = DecimalText | TieredPrice;

/**
 * Prices an operator negotiated, or of models that no catalogue has: `prices` of the config file
 * and the file it names, keys as written there.
 */
export interface PriceOverlay {
  readonly overrides: readonly PriceOverride[];
  /** What happens to a model without a price. */
  readonly unpriced: "refuse" | UnpricedRates;
}

export interface UnpricedRates {
  readonly input_usd_per_mtok: DecimalText;
  readonly output_usd_per_mtok: DecimalText;
  /** Any call of a provider's own tool. */
  readonly tool_call_usd?: DecimalText | undefined;
}

/** What is left out costs what the catalogue says, and where that is silent, the plain class. */
export interface PriceOverride {
  readonly provider: string;
  /** The exact name; `*` at the end stands for any rest. The first that fits counts. */
  readonly model: string;
  /** `standard` where nothing is said. */
  readonly tier?: ServiceTier | undefined;
  /** UTC dates: in force from the beginning of the one, up to that of the other. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /** UTC times of day, `16:30`; may run over midnight. */
  readonly hours?: { readonly from: string; readonly until: string } | undefined;
  readonly input_usd_per_mtok?: Price | undefined;
  readonly output_usd_per_mtok?: Price | undefined;
  readonly cache_read_usd_per_mtok?: Price | undefined;
  readonly cache_write_usd_per_mtok?: Price | undefined;
  readonly cache_write_1h_usd_per_mtok?: Price | undefined;
  readonly audio_input_usd_per_mtok?: Price | undefined;
  readonly audio_cache_read_usd_per_mtok?: Price | undefined;
  readonly image_input_usd_per_mtok?: Price | undefined;
  readonly reasoning_usd_per_mtok?: Price | undefined;
  readonly audio_output_usd_per_mtok?: Price | undefined;
  readonly image_output_usd_per_mtok?: Price | undefined;
  readonly web_search_usd?: DecimalText | undefined;
  readonly file_search_usd?: DecimalText | undefined;
  readonly tool_call_usd?: DecimalText | undefined;
  readonly request_usd?: DecimalText | undefined;
  /** Written into requests that ask for more. */
  readonly output_tokens_max?: number | undefined;
  readonly context_tokens?: number | undefined;
  /** The operator has seen that this is free, or ten times off what the catalogue says. */
  readonly confirm?: boolean | undefined;
}

export const NO_OVERLAY: PriceOverlay = { overrides: [], unpriced: "refuse" };

/** No model costs more; a larger number is a slip of the unit, such as cents for dollars. */
export const USD_PER_MTOK_MAX = 10_000;
export const USD_PER_CALL_MAX = 100;

const MTOK_DIGITS = 6;

/** Keys of an override that are prices, and the rate that each of them sets. */
export const PRICES_PER_MTOK = [
  ["input_usd_per_mtok", "input"],
  ["output_usd_per_mtok", "output"],
  ["cache_read_usd_per_mtok", "cacheRead"],
  ["cache_write_usd_per_mtok", "cacheWrite"],
  ["cache_write_1h_usd_per_mtok", "cacheWriteHour"],
  ["audio_input_usd_per_mtok", "audioInput"],
  ["audio_cache_read_usd_per_mtok", "audioCacheRead"],
  ["image_input_usd_per_mtok", "imageInput"],
  ["reasoning_usd_per_mtok", "reasoning"],
  ["audio_output_usd_per_mtok", "audioOutput"],
  ["image_output_usd_per_mtok", "imageOutput"],
] as const satisfies readonly (readonly [keyof PriceOverride, keyof ModelRates])[];

export const PRICES_PER_CALL = [
  ["web_search_usd", "webSearch"],
  ["file_search_usd", "fileSearch"],
  ["tool_call_usd", "toolCall"],
  ["request_usd", "request"],
] as const satisfies readonly (readonly [keyof PriceOverride, keyof ModelRates])[];

/**
 * Unit prices of an override over those of the catalogue; undefined where neither says what plain
 * input costs. An override that prices the input itself takes nothing else per token from the
 * catalogue: a discount there need not be one here. Throws RangeError for an amount that is none.
 */
export function ratesOfOverride(
  override: PriceOverride,
  listed: ModelRates | undefined,
): ModelRates | undefined {
  const below = override.input_usd_per_mtok === undefined ? listed : callRatesOf(listed);
  const own: Partial<Record<keyof ModelRates, Rate>> = {};
  for (const [key, name] of [...PRICES_PER_MTOK, ...PRICES_PER_CALL]) {
    const price = override[key];
    if (price !== undefined) own[name] = rateOf(key, price);
  }
  const input = own.input ?? below?.input;
  return input === undefined ? undefined : { ...NO_RATES, ...below, ...own, input };
}

function callRatesOf(listed: ModelRates | undefined): Partial<ModelRates> {
  if (listed === undefined) return {};
  const { webSearch, fileSearch, toolCall } = listed;
  return { webSearch, fileSearch, toolCall };
}

/** The operator's worst case: every kind of input, and every kind of output, costs the same. */
export function ratesOfUnpriced(unpriced: UnpricedRates): ModelRates {
  const { input_usd_per_mtok: input, output_usd_per_mtok: output, tool_call_usd: call } = unpriced;
  return {
    ...NO_RATES,
    input: rateOf("input_usd_per_mtok", input),
    output: rateOf("output_usd_per_mtok", output),
    toolCall: call === undefined ? undefined : rateOf("tool_call_usd", call),
  };
}

type PriceKey = (typeof PRICES_PER_MTOK | typeof PRICES_PER_CALL)[number][0];

/** Undefined for what is no price, or beyond any. */
export function readPrice(key: PriceKey, price: Price): Rate | undefined {
  const perCall = PRICES_PER_CALL.some(([call]) => call === key);
  const amount = (text: DecimalText): bigint | undefined =>
    perCall ? amountOf(text, 0, USD_PER_CALL_MAX) : amountOf(text, MTOK_DIGITS, USD_PER_MTOK_MAX);
  if (typeof price !== "object") {
    const base = amount(price);
    return base === undefined ? undefined : { base, tiers: [] };
  }
  const base = amount(price.base);
  const tiers: { above: number; price: bigint }[] = [];
  for (const { tokens, usd_per_mtok: text } of price.above) {
    const tier = amount(text);
    if (tier === undefined) return undefined;
    tiers.push({ above: tokens, price: tier });
  }
  if (base === undefined) return undefined;
  return { base, tiers: tiers.toSorted((a, b) => a.above - b.above) };
}

const NO_RATES: Omit<ModelRates, "input"> = {
  output: undefined,
  cacheRead: undefined,
  cacheWrite: undefined,
  cacheWriteHour: undefined,
  audioInput: undefined,
  audioCacheRead: undefined,
  imageInput: undefined,
  reasoning: undefined,
  audioOutput: undefined,
  imageOutput: undefined,
  webSearch: undefined,
  fileSearch: undefined,
  toolCall: undefined,
  request: undefined,
};

function rateOf(key: PriceKey, price: Price): Rate {
  const rate = readPrice(key, price);
  if (rate === undefined) throw new RangeError(`not a price in USD: ${JSON.stringify(price)}`);
  return rate;
}

function amountOf(price: DecimalText, digits: number, max: number): bigint | undefined {
  return Number(price) > max ? undefined : parseDecimal(String(price), ATTO_USD_SCALE - digits);
}
