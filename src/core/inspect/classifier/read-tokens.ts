/**
 * Cuts folded text into tokens. One pass over the units, nothing allocated; a token may be cut
 * anywhere between two calls.
 */
import { endToken } from "./token-features.ts";
import { NO_TOKEN, WORD_TOKEN, type TokenReader } from "./token-reader.ts";
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

const plain = plainUnits();

const IS_LETTER = 1;
const IS_CAPITAL = 2;
const IS_DIGIT = 4;
const IS_QUOTE = 8;
/** By unit: what is counted of it. */
const marks = new Uint8Array(0x10000).fill(IS_LETTER, 0x80);
marks.fill(IS_LETTER | IS_CAPITAL, 0x41, 0x5b).fill(IS_LETTER, 0x61, 0x7b);
marks.fill(IS_DIGIT, 0x30, 0x3a);
for (let unit = 0; unit < marks.length; unit += 1) {
  if (isQuoteSign(unit)) marks[unit] = (marks[unit] ?? 0) | IS_QUOTE;
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
  let { hash, length, letters, digits, capitals } = reader;
  let quotes = 0;
  let i = from;
  let unit = text.charCodeAt(i);
  do {
    const mark = marks[unit] ?? 0;
    hash = Math.imul(hash ^ (plain[unit] ?? 0), PRIME);
    length += 1;
    if (length === STEM_UNITS) reader.stem = hash;
    letters += mark & IS_LETTER;
    capitals += (mark & IS_CAPITAL) >> 1;
    digits += (mark & IS_DIGIT) >> 2;
    quotes |= mark & IS_QUOTE;
    i += 1;
    if (i === to) break;
    unit = text.charCodeAt(i);
  } while (kinds[unit] === kind);
  reader.hash = hash;
  reader.length = length;
  reader.letters = letters;
  reader.digits = digits;
  reader.capitals = capitals;
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
