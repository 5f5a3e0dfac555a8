import type { JsonValue } from "../json.ts";

/** More tokens than any context window; a larger claim is a defect of whoever made it. */
export const TOKENS_MAX = 2 ** 31;

/**
 * A count as an upstream wrote it, or `undefined` for anything that cannot be one: negative,
 * fractional, huge, not a number. Null is not zero.
 */
export function tokenCount(value: JsonValue | undefined): number | undefined {
  if (typeof value !== "number" || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= TOKENS_MAX ? value : undefined;
}

/**
 * Upper bound of the tokens in so many bytes of text. Byte-level tokenizers never make more tokens
 * than bytes, and for digits, rare scripts and random text they come close; a smaller ratio would
 * be a guess that an adversary can beat.
 */
export function estimateTokens(bytesOfText: number): number {
  return Math.min(Math.max(Math.ceil(bytesOfText), 0), TOKENS_MAX);
}
