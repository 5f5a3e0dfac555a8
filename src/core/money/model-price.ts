import { impossible } from "../../lib/impossible.ts";
import { NANO_USD_MAX, nanoUsd, type NanoUsd } from "../units.ts";
import { divideUp } from "./decimal.ts";
import type { ModelPrice } from "./price.ts";
import { inputTokensOf, type BilledUsage } from "./usage.ts";

/** Price of one unit in atto-USD (10⁻¹⁸); exact for prices per million with twelve decimals. */
export type AttoUsd = bigint;
export const ATTO_USD_SCALE = 18;
const ATTO_PER_NANO = 1_000_000_000n;

/** A unit price that may change when the request's whole input is larger than `above` tokens. */
export interface Rate {
  readonly base: AttoUsd;
  /** Ascending by `above`; the last one passed prices the whole request. */
  readonly tiers: readonly { readonly above: number; readonly price: AttoUsd }[];
}

/** Unit prices of one model at one time. Missing ones cost what the plain class costs. */
export interface ModelRates {
  readonly input: Rate;
  readonly cacheRead: Rate | undefined;
  readonly cacheWrite: Rate | undefined;
  readonly cacheWriteHour: Rate | undefined;
  readonly audioInput: Rate | undefined;
  readonly audioCacheRead: Rate | undefined;
  readonly imageInput: Rate | undefined;
  readonly output: Rate | undefined;
  readonly reasoning: Rate | undefined;
  readonly audioOutput: Rate | undefined;
  readonly imageOutput: Rate | undefined;
  /** One call each. A tool without a rate has no price: it is not free. */
  readonly webSearch: Rate | undefined;
  readonly fileSearch: Rate | undefined;
  readonly toolCall: Rate | undefined;
  readonly request: Rate | undefined;
}

/** All that a price is beside its rates. */
export type PriceFacts = Pick<
  ModelPrice,
  "status" | "catalogue" | "outputTokensMax" | "outputTokensLimit" | "contextTokens"
>;

/** The arithmetic of one price: exact in BigInt, rounded up once, saturating at the largest amount. */
export function createModelPrice(rates: ModelRates, facts: PriceFacts): ModelPrice {
  const full = withFallbacks(rates);
  return {
    ...facts,
    worstCase(inputTokens, outputTokens, toolCalls = 0) {
      const input = dearest(full.anyInput, inputTokens) * BigInt(inputTokens);
      const output = dearest(full.anyOutput, inputTokens) * BigInt(outputTokens);
      const tools = dearest(full.anyTool, inputTokens) * BigInt(toolCalls);
      return roundUp(input + output + tools + dearest(full.perRequest, inputTokens));
    },
    cost(usage) {
      return roundUp(attoCost(full, usage));
    },
    covers(tool) {
      switch (tool) {
        case "web_search":
          return full.webSearch !== undefined;
        case "file_search":
          return full.fileSearch !== undefined;
        case "unbilled":
          return true;
        case "other":
          return full.toolCall !== undefined;
        default:
          return impossible(tool);
      }
    },
  };
}

type FullRates = ReturnType<typeof withFallbacks>;

function withFallbacks(rates: ModelRates) {
  const { input, toolCall } = rates;
  const output = rates.output ?? input;
  const cacheRead = rates.cacheRead ?? input;
  const cacheWrite = rates.cacheWrite ?? input;
  const full = {
    input,
    output,
    cacheRead,
    cacheWrite,
    cacheWriteHour: rates.cacheWriteHour ?? cacheWrite,
    audioInput: rates.audioInput ?? input,
    audioCacheRead: rates.audioCacheRead ?? rates.audioInput ?? cacheRead,
    imageInput: rates.imageInput ?? input,
    reasoning: rates.reasoning ?? output,
    audioOutput: rates.audioOutput ?? output,
    imageOutput: rates.imageOutput ?? output,
    webSearch: rates.webSearch ?? toolCall,
    fileSearch: rates.fileSearch ?? toolCall,
    toolCall,
  };
  const { audioInput, audioCacheRead, imageInput, cacheWriteHour } = full;
  return {
    ...full,
    anyInput: [
      input,
      cacheRead,
      cacheWrite,
      cacheWriteHour,
      audioInput,
      audioCacheRead,
      imageInput,
    ],
    anyOutput: [output, full.reasoning, full.audioOutput, full.imageOutput],
    anyTool: [full.webSearch, full.fileSearch, toolCall].filter((rate) => rate !== undefined),
    perRequest: rates.request === undefined ? [] : [rates.request],
  };
}

/** Each count by its rate. Written out: a loop over their names costs three times the sum. */
function attoCost(rates: FullRates, usage: BilledUsage): AttoUsd {
  const total = inputTokensOf(usage);
  let sum = charge(rates.input, usage.input, total) + charge(rates.output, usage.output, total);
  sum += charge(rates.cacheRead, usage.cacheRead, total);
  sum += charge(rates.cacheWrite, usage.cacheWrite, total);
  sum += charge(rates.cacheWriteHour, usage.cacheWriteHour, total);
  sum += charge(rates.audioInput, usage.audioInput, total);
  sum += charge(rates.audioCacheRead, usage.audioCacheRead, total);
  sum += charge(rates.imageInput, usage.imageInput, total);
  sum += charge(rates.reasoning, usage.reasoning, total);
  sum += charge(rates.audioOutput, usage.audioOutput, total);
  sum += charge(rates.imageOutput, usage.imageOutput, total);
  sum += charge(rates.input, usage.toolInput, total);
  sum += charge(rates.webSearch, usage.webSearches, total);
  sum += charge(rates.fileSearch, usage.fileSearches, total);
  sum += charge(rates.toolCall, usage.toolCalls, total);
  for (const rate of rates.perRequest) sum += charge(rate, 1, total);
  return sum;
}

/** A class nobody mentioned is empty: its tokens, if any, are inside the plain class. */
function charge(rate: Rate | undefined, units: number | undefined, inputTokens: number): AttoUsd {
  if (rate === undefined || units === undefined || units === 0) return 0n;
  return unitPrice(rate, inputTokens) * BigInt(units);
}

function unitPrice(rate: Rate, inputTokens: number): AttoUsd {
  let price = rate.base;
  for (const tier of rate.tiers) if (inputTokens > tier.above) price = tier.price;
  return price;
}

/** The real input is at most `inputTokens`, so any tier up to there may turn out to apply. */
function dearest(rates: readonly Rate[], inputTokens: number): AttoUsd {
  let price = 0n;
  for (const rate of rates) {
    if (rate.base > price) price = rate.base;
    for (const tier of rate.tiers) {
      if (inputTokens > tier.above && tier.price > price) price = tier.price;
    }
  }
  return price;
}

function roundUp(atto: AttoUsd): NanoUsd {
  const nano = divideUp(atto, ATTO_PER_NANO);
  return nanoUsd(nano > BigInt(NANO_USD_MAX) ? NANO_USD_MAX : Number(nano));
}
