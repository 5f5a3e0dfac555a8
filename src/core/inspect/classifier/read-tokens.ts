/**
 * Cuts folded text into tokens. One pass over the units, nothing allocated; a token may be cut
 * anywhere between two calls. Tokens go on by the batch: what is done with each of them is then one
 * short loop over numbers, in which a processor overlaps what it fetches.
 */
import { blockFor, openBlock, openBlocks, load, reach, type TextBlock } from "../text-block.ts";
import { batch, BATCH_UNITS, MARKS, QUOTATION_SHIFT } from "./token-batch.ts";
import { describeTokens } from "./token-features.ts";
import { NO_TOKEN, type TokenReader } from "./token-reader.ts";
import {
  closeByWord,
  countSaid,
  endLine,
  isQuoteSign,
  openByWord,
  passSigns,
  PLAIN,
  quotationOf,
  type TokenSetting,
} from "./token-setting.ts";
import {
  plainUnits,
  PRIME as WORD_PRIME,
  SEED as WORD_SEED,
  STEM_UNITS as STEM,
} from "./word-roles.ts";

/** A run of signs such as `<|` or `###` is one token up to this length. */
const SIGNS_MAX = 6;
/** Words this long are no words. */
const WORD_MAX = 24;
/** A word with so many capitals and no small letter is meant to be loud. */
const CAPITALS_MIN = 3;

// What the loop over units reads is this module's own: V8 looks imports up on each read.
const tokens = batch;
const { starts, ends, stems, hashes, marks } = batch;
const STEM_UNITS = STEM;
const PRIME = WORD_PRIME;
const SEED = WORD_SEED;
const SPACE = NO_TOKEN;
const NEWLINE = 0x0a;

// By unit, in one number: what is hashed of it, its kind, and what is told of tokens with it.
const PLAIN_MASK = 0xffff;
const WORD = 1 << 16;
const SIGN = 2 << 16;
/** Scripts without spaces: each unit is a token. */
const SOLO = 3 << 16;
const KIND_MASK = 3 << 16;
const IS_QUOTE = 1 << 18;
const IS_SMALL = 1 << 19;
const IS_DIGIT = 1 << 20;
const CAPITAL_SHIFT = 21;
const IS_LETTER = IS_SMALL | (1 << CAPITAL_SHIFT);
const units = tableOfUnits();

function tableOfUnits(): Int32Array {
  const plain = plainUnits();
  const kinds = new Int32Array(0x10000).fill(WORD);
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
  return kinds.map((kind, unit) => kind | (plain[unit] ?? 0) | signsOf(unit));
}

function signsOf(unit: number): number {
  if (isQuoteSign(unit)) return IS_QUOTE;
  if (unit >= 0x30 && unit <= 0x39) return IS_DIGIT;
  if (unit >= 0x41 && unit <= 0x5a) return 1 << CAPITAL_SHIFT;
  return unit >= 0x80 || (unit >= 0x61 && unit <= 0x7a) ? IS_SMALL : 0;
}

/**
 * Reads `[from, to)` of `text`, which still has the unit before; `base` is the offset of the text's
 * first unit.
 */
export function readTokens(
  reader: TokenReader,
  text: string,
  from: number,
  to: number,
  base: number,
): void {
  for (let at = from; at < to; at += BATCH_UNITS) {
    const end = Math.min(to, at + BATCH_UNITS);
    const block = blockFor(blocks, text);
    reach(block, text, at, end - at);
    readBatch(reader, block, at, end, base);
  }
}

const blocks = openBlocks();

function readBatch(
  reader: TokenReader,
  block: TextBlock,
  from: number,
  to: number,
  base: number,
): void {
  cutTokens(reader, block, from, to, base);
  describeTokens(reader);
  reader.sink.take(tokens);
}

/** Fills the batch. */
function cutTokens(
  reader: TokenReader,
  block: TextBlock,
  from: number,
  to: number,
  base: number,
): void {
  const { setting } = reader;
  const read = block.units;
  const shift = block.from;
  let { kind, hash, stem, seen, capitals } = reader;
  let start = reader.start - base;
  let i = from;
  for (tokens.count = 0; ;) {
    if (kind === SPACE) {
      i = behindSpace(setting, block, i, to);
      if (i === to) break;
      kind = (units[read[i - shift] ?? 0] ?? 0) & KIND_MASK;
      start = i;
      hash = SEED;
      seen = capitals = 0;
    }
    const piece = i;
    const most = kind === WORD ? to : Math.min(to, start + (kind === SIGN ? SIGNS_MAX : 1));
    const stemAt = start + STEM_UNITS - 1;
    for (; i < most; i += 1) {
      const unit = units[read[i - shift] ?? 0] ?? 0;
      if ((unit & KIND_MASK) !== kind) break;
      seen |= unit;
      hash = Math.imul(hash ^ (unit & PLAIN_MASK), PRIME);
      if (i === stemAt) stem = hash;
      capitals += (unit >> CAPITAL_SHIFT) & 1;
    }
    if ((seen & IS_QUOTE) !== 0 && i > piece) {
      reader.last = read[i - 1 - shift] ?? 0;
      if (kind === SIGN) passSigns(setting, block.text, piece, i, base);
      else if (piece === start) openByWord(setting, read[start - shift] ?? 0);
    }
    if (i === to) break;
    const length = i - start;
    const marks = kind === WORD ? wordMarks(length, seen, capitals, setting) : 0;
    if (length < STEM_UNITS) stem = hash;
    keepToken(hash, stem, marks, base + start, base + i);
    if ((seen & IS_QUOTE) !== 0) closeByWord(setting, reader.last);
    kind = SPACE;
  }
  reader.kind = kind;
  reader.start = base + start;
  reader.hash = hash;
  reader.stem = stem;
  reader.seen = seen;
  reader.capitals = capitals;
}

/** A quotation ends with its line. */
function behindSpace(setting: TokenSetting, block: TextBlock, from: number, to: number): number {
  const { units: read, from: shift } = block;
  let i = from;
  for (; i < to; i += 1) {
    const code = read[i - shift] ?? 0;
    if (((units[code] ?? 0) & KIND_MASK) !== SPACE) break;
    if (code === NEWLINE) endLine(setting);
  }
  return i;
}

function wordMarks(length: number, seen: number, capitals: number, setting: TokenSetting): number {
  const quotation = quotationOf(setting);
  let marks = MARKS.WORD | (quotation << QUOTATION_SHIFT);
  if (quotation !== PLAIN) {
    const said = countSaid(setting);
    if (said > 0) marks |= said === 1 ? MARKS.SAID | MARKS.OPENS : MARKS.SAID;
  }
  if ((seen & IS_LETTER) === 0) marks |= MARKS.NUMBER;
  if ((seen & IS_DIGIT) !== 0) marks |= MARKS.DIGIT;
  if (capitals >= CAPITALS_MIN && (seen & IS_SMALL) === 0) marks |= MARKS.LOUD;
  if (length > WORD_MAX) marks |= MARKS.LONG;
  if (length === 1) marks |= MARKS.SINGLE;
  return marks;
}

function keepToken(hash: number, stem: number, told: number, start: number, end: number): void {
  const { count } = tokens;
  hashes[count] = hash;
  stems[count] = stem;
  marks[count] = told;
  starts[count] = start;
  ends[count] = end;
  tokens.count = count + 1;
}

/** Where the unfinished token begins; `at`: there is none. */
export function tokenStart({ kind, start }: TokenReader, at: number): number {
  return kind === SPACE ? at : start;
}

const space = openBlock();
load(space, " ", 0, 1);

/** The text is over: so is its last token, as before a space. */
export function endTokens(reader: TokenReader, end: number): void {
  if (reader.kind !== NO_TOKEN) readBatch(reader, space, 0, 1, end);
}
