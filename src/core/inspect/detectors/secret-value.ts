/** What a secret's value is made of, and what only looks like one. */

/** Sets of units: bits of `UNITS`. */
export const UPPER = 1;
export const LOWER = 2;
export const DIGIT = 4;
export const UNDERSCORE = 8;
export const DASH = 16;
export const DOT = 32;
/** `+`, `/` and `=`. */
export const BASE64_SIGNS = 64;
/** `a` to `f` in both cases, beside DIGIT. */
const HEX_LETTERS = 128;

export const ALNUM = UPPER | LOWER | DIGIT;
export const HEX = HEX_LETTERS | DIGIT;
export const WORD = ALNUM | UNDERSCORE;
export const TOKEN = WORD | DASH;
export const BASE64 = ALNUM | BASE64_SIGNS;

const UNITS = new Uint8Array(128);
for (const [bit, chars] of [
  [UPPER, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  [LOWER, "abcdefghijklmnopqrstuvwxyz"],
  [DIGIT, "0123456789"],
  [UNDERSCORE, "_"],
  [DASH, "-"],
  [DOT, "."],
  [BASE64_SIGNS, "+/="],
  [HEX_LETTERS, "abcdefABCDEF"],
] as const) {
  for (const char of chars) {
    const unit = char.charCodeAt(0);
    UNITS[unit] = (UNITS[unit] ?? 0) | bit;
  }
}

export function fits(units: number, unit: number): boolean {
  return unit < 128 && ((UNITS[unit] ?? 0) & units) !== 0;
}

const ENTROPY_UNITS_MAX = 256;
const DISTINCT_MIN = 6;
/** What is so to here is so. */
const MONOTONOUS_UNITS_MAX = 64;

const counts = new Uint16Array(UNITS.length);
/** n · log₂ n */
const weighted = Float64Array.from({ length: ENTROPY_UNITS_MAX + 1 }, (_, n) =>
  n === 0 ? 0 : n * Math.log2(n),
);

/** Shannon entropy in bits per unit of the first units, which are ASCII. */
export function entropyOf(text: string): number {
  const length = Math.min(text.length, ENTROPY_UNITS_MAX);
  // Also where the call before was ended half way.
  counts.fill(0);
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i) & 0x7f;
    counts[unit] = (counts[unit] ?? 0) + 1;
  }
  let sum = 0;
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i) & 0x7f;
    sum += weighted[counts[unit] ?? 0] ?? 0;
    counts[unit] = 0;
  }
  return length === 0 ? 0 : ((weighted[length] ?? 0) - sum) / length;
}

const STAND_INS = [
  "example",
  "xxxx",
  "your",
  "changeme",
  "placeholder",
  "redacted",
  "dummy",
  "0123456789",
  "123456789",
  "abcdefghij",
  "aaaaaa",
  "000000",
  "111111",
  "insert",
  "replace",
  "deadbeef",
];

const STAND_IN = new RegExp(STAND_INS.join("|"), "i");

/** Behind a provider's own prefix, runs of one digit occur in real ones. */
const BLANK =
  /xxxx|your|changeme|placeholder|redacted|dummy|insert|replace|tokenhere|keyhere|123456789/i;
const SAMPLE = /example|abcdefghij/i;

/** A blank that somebody is to fill in. */
export function isBlank(value: string): boolean {
  return isMonotonous(value) || BLANK.test(value);
}

/** Whole in a provider's format, and made up: what its documentation shows. */
export function isSample(value: string): boolean {
  return SAMPLE.test(value);
}

/** Documentation stands in for secrets in a few ways only. */
export function isPlaceholder(value: string): boolean {
  return isMonotonous(value) || STAND_IN.test(value);
}

function isMonotonous(value: string): boolean {
  const enough = Math.min(DISTINCT_MIN, value.length);
  const most = Math.min(MONOTONOUS_UNITS_MAX, value.length);
  let seen = "";
  for (let i = 0; i < most && seen.length < enough; i += 1) {
    const char = value.charAt(i).toLowerCase();
    if (!seen.includes(char)) seen += char;
  }
  return seen.length < enough;
}
