/**
 * Cuts folded text into tokens. One pass over the units, nothing allocated; a token may be cut
 * anywhere between two calls.
 */
import { endToken } from "./token-features.ts";
import { NO_TOKEN, SEEN, WORD_TOKEN, type TokenReader } from "./token-reader.ts";
import { endLine, isQuoteSign, openByWord, passSigns, PLAIN } from "./token-setting.ts";
import { plainUnits, PRIME as WORD_PRIME, STEM_UNITS as STEM } from "./word-roles.ts";

/** A run of signs such as `<|` or `###` is one token up to this length. */
const SIGNS_MAX = 6;

// What the loop over units reads is this module's own: V8 looks imports up on each read.
const STEM_UNITS = STEM;
const PRIME = WORD_PRIME;
const SPACE = NO_TOKEN;
const WORD = WORD_TOKEN;
const NEWLINE = 0x0a;
const SIGN = 2;
/** Scripts without spaces: each unit is a token. */
const SOLO = 3;

const kinds = new Uint8Array(0x10000).fill(WORD);
kinds.fill(SPACE, 0, 0x21);
for (let unit = 0x21; unit < 0x80; unit += 1) {
  kinds[unit] = /[A-Za-z0-9']/.test(String.fromCharCode(unit)) ? WORD : SIGN;
}
for (const [from, to] of [
  [0xa0, 0xbf],
  [0x2000, 0x2bff],
  [0x3001, 0x303f],
  [0xfe30, 0xfe4f],
] as const) {
  kinds.fill(SIGN, from, to + 1);
}
for (const [from, to] of [
  [0x0e00, 0x0eff],
  [0x3040, 0x30ff],
  [0x3400, 0x9fff],
  [0xac00, 0xd7af],
] as const) {
  kinds.fill(SOLO, from, to + 1);
}
kinds.fill(SPACE, 0x2028, 0x202a);

const PLAIN_BITS = 16;
const KIND_BITS = 2;
const PLAIN_MASK = (1 << PLAIN_BITS) - 1;
const KIND_MASK = (1 << KIND_BITS) - 1;
const IS_CAPITAL = SEEN.CAPITAL;
const IS_QUOTE = 1 << (PLAIN_BITS + KIND_BITS);
/** By unit, in one number: what is hashed of it, its kind, and what is told of tokens with it. */
const units = Int32Array.from(plainUnits(), (plain, unit) => {
  return plain | ((kinds[unit] ?? WORD) << PLAIN_BITS) | marksOf(unit);
});

function marksOf(unit: number): number {
  if (isQuoteSign(unit)) return IS_QUOTE;
  if (unit >= 0x30 && unit <= 0x39) return SEEN.DIGIT;
  if (unit >= 0x41 && unit <= 0x5a) return SEEN.CAPITAL;
  return unit >= 0x80 || (unit >= 0x61 && unit <= 0x7a) ? SEEN.SMALL : 0;
}

/** Reads `[from, to)` of `text`; `base` is the offset of the text's first unit. */
export function readTokens(
  reader: TokenReader,
  text: string,
  from: number,
  to: number,
  base: number,
): void {
  for (let i = from; i < to;) {
    const kind = kinds[text.charCodeAt(i)] ?? WORD;
    if (kind !== reader.kind || kind === SOLO || (kind === SIGN && reader.length >= SIGNS_MAX)) {
      if (reader.kind !== SPACE) endToken(reader, base + i);
      reader.kind = kind;
      reader.start = base + i;
    }
    if (kind !== SPACE) i = readRun(reader, text, i, runMax(reader, i, to), base);
    else {
      if (reader.setting.quote !== PLAIN && text.charCodeAt(i) === NEWLINE) endLine(reader.setting);
      i += 1;
    }
  }
}

/** Where a run of the reader's kind must end that begins at `from`. */
function runMax({ kind, length }: TokenReader, from: number, to: number): number {
  if (kind === SOLO) return from + 1;
  return kind === SIGN ? Math.min(to, from + SIGNS_MAX - length) : to;
}

/** Units of one kind, as many as there are before `to`: where the run ends. */
function readRun(
  reader: TokenReader,
  text: string,
  from: number,
  to: number,
  base: number,
): number {
  const { kind } = reader;
  let { hash, length, capitals } = reader;
  let seen = 0;
  let i = from;
  let unit = units[text.charCodeAt(i)] ?? 0;
  do {
    seen |= unit;
    hash = Math.imul(hash ^ (unit & PLAIN_MASK), PRIME);
    length += 1;
    if (length === STEM_UNITS) reader.stem = hash;
    if ((unit & IS_CAPITAL) !== 0) capitals += 1;
    i += 1;
    if (i === to) break;
    unit = units[text.charCodeAt(i)] ?? 0;
  } while (((unit >> PLAIN_BITS) & KIND_MASK) === kind);
  reader.hash = hash;
  reader.length = length;
  reader.seen |= seen;
  reader.capitals = capitals;
  const quotes = seen & IS_QUOTE;
  reader.last = quotes === 0 ? 0 : text.charCodeAt(i - 1);
  if (quotes !== 0) {
    if (kind === SIGN) passSigns(reader.setting, text, from, i, base);
    else if (base + from === reader.start) openByWord(reader.setting, text.charCodeAt(from));
  }
  return i;
}

/** Where the unfinished token begins; `at`: there is none. */
export function tokenStart({ kind, start }: TokenReader, at: number): number {
  return kind === SPACE ? at : start;
}

/** The text is over: so is its last token. */
export function endTokens(reader: TokenReader, end: number): void {
  if (reader.kind !== SPACE) endToken(reader, end);
  reader.kind = SPACE;
}
