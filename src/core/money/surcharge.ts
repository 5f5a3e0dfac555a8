import { nanoUsd, NANO_USD_MAX, type NanoUsd } from "../units.ts";
import type { ModelPrice } from "./price.ts";
import type { BilledUsage } from "./usage.ts";

/** Percent that a provider adds to the price of tokens for where they are computed. */
const RESIDENCY_PERCENT = 10;

/**
 * Anthropic's `inference_geo`: computed anywhere costs what is listed, in a place of one's choice a
 * tenth more. A place that is not known here costs as much.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/data-residency
 */
export function residencyPercent(geo: unknown): number | undefined {
  if (geo === undefined || geo === null) return undefined;
  return geo === "global" || geo === "not_available" ? 0 : RESIDENCY_PERCENT;
}

const NO_CALLS = { webSearches: undefined, fileSearches: undefined, toolCalls: undefined };

/** Tokens cost so much more; calls of the provider's tools what they cost. Rounded up. */
export function withSurcharge(price: ModelPrice, percent: number): ModelPrice {
  if (percent === 0) return price;
  return {
    ...price,
    worstCase: (inputTokens, outputTokens, toolCalls) => {
      const tokens = price.worstCase(inputTokens, outputTokens);
      const all = price.worstCase(inputTokens, outputTokens, toolCalls);
      return plus(all, tokens, percent);
    },
    cost: (usage: BilledUsage) =>
      plus(price.cost(usage), price.cost({ ...usage, ...NO_CALLS }), percent),
  };
}

function plus(all: NanoUsd, tokens: NanoUsd, percent: number): NanoUsd {
  const more = (BigInt(tokens) * BigInt(percent) + 99n) / 100n;
  return nanoUsd(Math.min(all + Number(more), NANO_USD_MAX));
}
