/**
 * Some tokens in a row, as columns of numbers. Each step over them is a short loop without a call,
 * in which a processor overlaps what it fetches: weights lie beyond its nearest cache.
 */

/** Units of text that a batch is made of, and as many tokens at most beside the one before. */
export const BATCH_UNITS = 256;
const TOKENS_MAX = BATCH_UNITS + 1;
/** Features of one token at most. */
const FEATURES_MAX = 16;

export interface TokenBatch {
  count: number;
  /** Whether one of them is only shown. */
  shows: boolean;
  readonly hashes: Int32Array;
  readonly stems: Int32Array;
  /** Bits of `MARKS`, and above them the quotation that the token stands in. */
  readonly marks: Int32Array;
  /** Offsets in the whole text. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Features of all tokens, and where those of each token end. */
  readonly features: Int32Array;
  readonly featureEnds: Int32Array;
}

/** What is told of a token. */
export const MARKS = {
  WORD: 1,
  /** A word of digits. */
  NUMBER: 2,
  /** Too long for a word. */
  LONG: 4,
  /** A letter alone. */
  SINGLE: 8,
  DIGIT: 16,
  /** In capitals. */
  LOUD: 32,
  /** Among the first words of a quotation: an example is short. */
  SAID: 64,
  /** Of those the very first. */
  OPENS: 128,
  /** Only shown, as far as the text before tells. */
  SHOWN: 256,
} as const;
export const QUOTATION_SHIFT = 9;

/** The one batch that there is: it is full and empty again within one call. */
export const batch: TokenBatch = {
  count: 0,
  shows: false,
  hashes: new Int32Array(TOKENS_MAX),
  stems: new Int32Array(TOKENS_MAX),
  marks: new Int32Array(TOKENS_MAX),
  starts: new Float64Array(TOKENS_MAX),
  ends: new Float64Array(TOKENS_MAX),
  features: new Int32Array(TOKENS_MAX * FEATURES_MAX),
  featureEnds: new Int32Array(TOKENS_MAX),
};

/** Of one token. */
export function featuresOf({ features, featureEnds }: TokenBatch, token: number): Int32Array {
  return features.subarray(featureEnds[token - 1] ?? 0, featureEnds[token]);
}
