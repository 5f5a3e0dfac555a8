/**
 * The only importer of `@pydantic/genai-prices`: its bundled table of dated, tiered prices. The
 * package goes to the network only through `updatePrices`, which nothing here calls.
 */
import type * as GenaiPrices from "@pydantic/genai-prices";
import type { ConditionalPrice, ModelInfo } from "@pydantic/genai-prices";
import { ATTO_USD_SCALE, type ModelRates, type Rate } from "../../core/money/model-price.ts";
import { parseDecimal } from "../../core/money/decimal.ts";
import type { Instant } from "../../core/units.ts";
import { onNeed } from "../../lib/on-need.ts";

/** Exact version in package.json; test/unit/money/price-catalogue.test.ts compares the two. */
export const GENAI_PRICES_VERSION = "0.1.8";

export interface ListedPrice {
  readonly rates: ModelRates;
  /** Largest input, where the table says. */
  readonly contextTokens: number | undefined;
  /** Whether provider and model have exactly this name in the table. */
  readonly exact: boolean;
  /** The price holds from here … */
  readonly from: number;
  /** … up to, not including, here. */
  readonly until: number;
}

type PriceTable = NonNullable<ReturnType<typeof GenaiPrices.calcPrice>>["model_price"];
type TablePrice = PriceTable[string];

/** A gate without models need not hold 5 MB of prices; `warmUp` asks first where there are some. */
const genaiPrices = onNeed<typeof GenaiPrices>("@pydantic/genai-prices");

const NO_USAGE = {};
const DAY_MS = 86_400_000;
/** What providers sell as the long context of models that have a shorter one. */
const LONG_CONTEXT_TOKENS = 1_048_576;
const MTOK_DIGITS = 6;
const THOUSAND_DIGITS = 3;

/** `undefined` for a model the table does not have, or that is not billed by tokens. */
export function listedPrice(provider: string, model: string, at: Instant): ListedPrice | undefined {
  const found = lookUp(provider, model, at);
  if (found === undefined) return undefined;
  const rates = ratesOf(found.model_price);
  if (rates === undefined) return undefined;
  const name = model.toLowerCase().trim();
  const exact = found.model.id.toLowerCase() === name && found.provider.id === provider;
  return {
    rates,
    exact,
    contextTokens: windowOf(found.model, rates),
    ...periodOf(found.model, at),
  };
}

/** The models that the table lists for a provider, by the names it gives them. */
export function listedModels(provider: string): readonly string[] {
  return (
    genaiPrices()
      .findProvider({ providerId: provider })
      ?.models.map(({ id }) => id) ?? []
  );
}

/** A price for inputs larger than the window says that there is a larger window. */
function windowOf({ context_window: window }: ModelInfo, { input }: ModelRates) {
  const last = input.tiers.at(-1);
  if (window === undefined || last === undefined || last.above < window) return window;
  return LONG_CONTEXT_TOKENS;
}

/** With no usage the package only looks up; it throws for rows it cannot make sense of. */
function lookUp(provider: string, model: string, at: Instant) {
  try {
    const options = { providerId: provider, timestamp: new Date(at) };
    return genaiPrices().calcPrice(NO_USAGE, model, options) ?? undefined;
  } catch {
    return undefined;
  }
}

function ratesOf(table: PriceTable): ModelRates | undefined {
  const input = perToken(table["input_mtok"]);
  if (input === undefined) return undefined;
  return {
    input,
    cacheRead: perToken(table["cache_read_mtok"]),
    cacheWrite: perToken(table["cache_write_mtok"]),
    cacheWriteHour: perToken(table["cache_write_1h_mtok"]),
    audioInput: perToken(table["input_audio_mtok"]),
    audioCacheRead: perToken(table["cache_audio_read_mtok"]),
    imageInput: dearer(perToken(table["input_image_mtok"]), perToken(table["input_video_mtok"])),
    output: perToken(table["output_mtok"]),
    reasoning: perToken(table["output_reasoning_mtok"]),
    audioOutput: perToken(table["output_audio_mtok"]),
    imageOutput: dearer(perToken(table["output_image_mtok"]), perToken(table["output_video_mtok"])),
    webSearch: rateOf(table["web_searches_kcount"], THOUSAND_DIGITS),
    fileSearch: rateOf(table["storage_searches_kcount"], THOUSAND_DIGITS),
    toolCall: undefined,
    request: rateOf(table["requests_kcount"], THOUSAND_DIGITS),
  };
}

function perToken(price: TablePrice): Rate | undefined {
  return rateOf(price, MTOK_DIGITS);
}

function rateOf(price: TablePrice, digits: number): Rate | undefined {
  if (price === undefined) return undefined;
  if (typeof price === "number") {
    const base = atto(price, digits);
    return base === undefined ? undefined : { base, tiers: [] };
  }
  const base = atto(price.base, digits);
  if (base === undefined) return undefined;
  const tiers = [];
  for (const tier of price.tiers.toSorted((a, b) => a.start - b.start)) {
    const tierPrice = atto(tier.price, digits);
    if (tierPrice === undefined) return undefined;
    tiers.push({ above: tier.start, price: tierPrice });
  }
  return { base, tiers };
}

/** JavaScript prints the shortest decimal that reads back the same: the one in the table. */
function atto(price: number, digits: number): bigint | undefined {
  return parseDecimal(String(price), ATTO_USD_SCALE - digits);
}

function dearer(a: Rate | undefined, b: Rate | undefined): Rate | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.base >= b.base ? a : b;
}

/** The stretch of time round `at` in which no row of the model begins or ends to apply. */
function periodOf(model: ModelInfo, at: Instant): { from: number; until: number } {
  let from = -Infinity;
  let until = Infinity;
  const rows = Array.isArray(model.prices) ? model.prices : [];
  for (const boundary of rows.flatMap((row) => boundariesOf(row, at))) {
    if (boundary <= at) from = Math.max(from, boundary);
    else until = Math.min(until, boundary);
  }
  return { from, until };
}

function boundariesOf({ constraint }: ConditionalPrice, at: Instant): readonly number[] {
  if (constraint === undefined) return [];
  if (constraint.type === "start_date") return [Date.parse(constraint.start_date)];
  const midnight = Math.floor(at / DAY_MS) * DAY_MS;
  const date = new Date(midnight).toISOString().slice(0, 10);
  return [constraint.start_time, constraint.end_time].flatMap((time) => {
    const today = Date.parse(`${date}T${time}`);
    return [today - DAY_MS, today, today + DAY_MS];
  });
}
