/**
 * Cuts folded text into tokens and each token into features: numbers that name the word, its stem,
 * the stems before it, the part it plays in an attack, and how it is written. One pass over the
 * units, nothing allocated; a token may be cut anywhere between two calls.
 */
import { hashOf, plainUnits, PRIME, roleOf, SEED } from "./word-roles.ts";

/** Features of one token at most. */
const FEATURES_MAX = 16;
/** Words this long are no words and say nothing. */
const WORD_MAX = 24;
const STEM_UNITS = 6;
/** A run of signs such as `<|` or `###` is one token up to this length. */
const SIGNS_MAX = 6;
/** A token that came among the last so many says nothing new: lists repeat themselves. */
const REPEAT_REACH = 24;
/** Words back to which the parts that words play are paired. */
const ROLE_REACH = 5;

export interface TokenSink {
  /** `features`: the first `count` are this token's, for the time of the call. */
  token(features: Int32Array, count: number, start: number, end: number): void;
}

export interface TokenReader {
  readonly sink: TokenSink;
  /** What the unfinished token is made of; `SPACE`: there is none. */
  kind: number;
  start: number;
  length: number;
  hash: number;
  stem: number;
  letters: number;
  digits: number;
  capitals: number;
  /** Stems of the tokens before, the nearest first. */
  before1: number;
  before2: number;
  before3: number;
  /** Roles of the last words, a ring, and where in it the next goes. */
  readonly roles: Int32Array;
  words: number;
  /** Hashes of the last tokens, a ring, and how many of them end in each byte. */
  readonly recent: Int32Array;
  readonly recentBytes: Uint8Array;
  /** Where in the ring the next goes. */
  turn: number;
  readonly features: Int32Array;
}

export function openTokens(sink: TokenSink): TokenReader {
  return {
    sink,
    kind: SPACE,
    start: 0,
    length: 0,
    hash: SEED,
    stem: SEED,
    letters: 0,
    digits: 0,
    capitals: 0,
    before1: SEED,
    before2: SEED,
    before3: SEED,
    roles: new Int32Array(ROLE_REACH),
    words: 0,
    recent: new Int32Array(REPEAT_REACH),
    recentBytes: emptyBytes(new Uint8Array(256)),
    turn: 0,
    features: new Int32Array(FEATURES_MAX),
  };
}

/** As new, for another text. */
export function resetTokens(reader: TokenReader): void {
  reader.kind = SPACE;
  startToken(reader);
  reader.before1 = SEED;
  reader.before2 = SEED;
  reader.before3 = SEED;
  reader.roles.fill(0);
  reader.words = 0;
  reader.recent.fill(0);
  emptyBytes(reader.recentBytes);
  reader.turn = 0;
}

/** Of a ring of nothing but zeros. */
function emptyBytes(bytes: Uint8Array): Uint8Array {
  bytes.fill(0);
  bytes[0] = REPEAT_REACH;
  return bytes;
}

function startToken(reader: TokenReader): void {
  reader.hash = SEED;
  reader.length = 0;
  reader.letters = 0;
  reader.digits = 0;
  reader.capitals = 0;
}

const SPACE = 0;
const WORD = 1;
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
/** By unit: what is counted of it. */
const marks = new Uint8Array(0x10000).fill(IS_LETTER, 0x80);
marks.fill(IS_LETTER | IS_CAPITAL, 0x41, 0x5b).fill(IS_LETTER, 0x61, 0x7b);
marks.fill(IS_DIGIT, 0x30, 0x3a);

// What kinds of features there are: each begins its hash with its own number.
const IS_WORD = 0x1f3d;
const IS_PAIR = 0x2b11;
const IS_SKIP = 0x3c77;
const IS_WIDE_SKIP = 0x4a2f;
const IS_CAPITALS = 0x5d09;
const IS_ROLE = 0x6e53;
const IS_ROLE_PAIR = 0x7f95;
const IS_LEET = 0x9d31;
const IS_SIGNATURE = 0x8c1b;
const NUMBER = 0x0a0a0a0a;
const LONG_WORD = 0x0b0b0b0b;

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
    i = kind === SPACE ? i + 1 : readRun(reader, text, i, runMax(reader, i, to));
  }
}

/** Where a run of the reader's kind must end that begins at `from`. */
function runMax({ kind, length }: TokenReader, from: number, to: number): number {
  if (kind === SOLO) return from + 1;
  return kind === SIGN ? Math.min(to, from + SIGNS_MAX - length) : to;
}

/** Units of one kind, as many as there are before `to`: where the run ends. */
function readRun(reader: TokenReader, text: string, from: number, to: number): number {
  const { kind } = reader;
  let { hash, length, letters, digits, capitals } = reader;
  let i = from;
  let unit = text.charCodeAt(i);
  do {
    const mark = marks[unit] ?? 0;
    hash = Math.imul(hash ^ (plain[unit] ?? 0), PRIME);
    length += 1;
    if (length === STEM_UNITS) reader.stem = hash;
    letters += mark & IS_LETTER;
    capitals += (mark & IS_CAPITAL) >> 1;
    digits += mark >> 2;
    i += 1;
    if (i === to) break;
    unit = text.charCodeAt(i);
  } while (kinds[unit] === kind);
  reader.hash = hash;
  reader.length = length;
  reader.letters = letters;
  reader.digits = digits;
  reader.capitals = capitals;
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

function endToken(reader: TokenReader, end: number): void {
  const { features, length, kind } = reader;
  let hash = reader.hash;
  let stem = length < STEM_UNITS ? hash : reader.stem;
  const isLong = length > WORD_MAX;
  if (kind === WORD && reader.letters === 0) hash = stem = NUMBER;
  else if (isLong) hash = stem = LONG_WORD;
  if (isLong || isRepeated(reader, hash)) {
    reader.sink.token(features, 0, reader.start, end);
    pass(reader, stem);
    return;
  }
  features[0] = mixed(IS_WORD, hash);
  features[1] = mixed(IS_PAIR ^ reader.before1, stem);
  features[2] = mixed(IS_SKIP ^ reader.before2, stem);
  features[3] = mixed(IS_WIDE_SKIP ^ reader.before3, stem);
  let count = 4;
  if (reader.capitals >= 3 && reader.capitals === reader.letters) {
    features[count] = mixed(IS_CAPITALS, stem);
    count += 1;
  }
  if (kind === WORD) count = playRole(reader, hash, count);
  reader.sink.token(features, count, reader.start, end);
  pass(reader, stem);
}

function isRepeated({ recent, recentBytes, turn }: TokenReader, hash: number): boolean {
  const byte = hash & 0xff;
  if (recentBytes[byte] !== 0) {
    for (let i = 0; i < REPEAT_REACH; i += 1) if (recent[i] === hash) return true;
  }
  const oldest = (recent[turn] ?? 0) & 0xff;
  recentBytes[oldest] = (recentBytes[oldest] ?? 0) - 1;
  recentBytes[byte] = (recentBytes[byte] ?? 0) + 1;
  recent[turn] = hash;
  return false;
}

function pass(reader: TokenReader, stem: number): void {
  reader.turn = reader.turn + 1 === REPEAT_REACH ? 0 : reader.turn + 1;
  reader.before3 = reader.before2;
  reader.before2 = reader.before1;
  reader.before1 = Math.imul(stem, PRIME);
  startToken(reader);
}

/** The part that the word plays, and pairs of parts in the words before it. */
function playRole(reader: TokenReader, hash: number, from: number): number {
  const { features, roles } = reader;
  const role = roleOf(hash);
  let count = from;
  if (role !== 0) {
    features[count] = mixed(IS_ROLE, role);
    count += 1;
    if (reader.digits > 0) {
      features[count] = mixed(IS_LEET, 0);
      count += 1;
    }
    for (let i = 0; i < ROLE_REACH; i += 1) {
      const other = roles[i] ?? 0;
      if (other === 0) continue;
      features[count] = mixed(IS_ROLE_PAIR ^ (other << 8), role);
      count += 1;
    }
  }
  roles[reader.words] = role;
  reader.words = reader.words + 1 === ROLE_REACH ? 0 : reader.words + 1;
  return count;
}

/** The feature that a signature is near. */
export function signatureFeature(signature: string): number {
  return mixed(IS_SIGNATURE, hashOf(signature));
}

function mixed(kind: number, value: number): number {
  let hash = Math.imul(kind ^ value, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
