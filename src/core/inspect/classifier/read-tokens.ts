/**
 * Cuts folded text into tokens and each token into features: numbers that name the word, its stem,
 * the stems before it, the part it plays in an attack, and how it is written. One pass over the
 * units, nothing allocated; a token may be cut anywhere between two calls.
 */
import { INJECTION_VOCABULARY } from "../detectors/injection-vocabulary.ts";
import { foldLiteral } from "../fold.ts";

/** Features of one token at most. */
export const FEATURES_MAX = 16;
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
  /** Hashes of the last tokens, a ring. */
  readonly recent: Int32Array;
  tokens: number;
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
    tokens: 0,
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
  reader.tokens = 0;
}

function startToken(reader: TokenReader): void {
  reader.hash = SEED;
  reader.length = 0;
  reader.letters = 0;
  reader.digits = 0;
  reader.capitals = 0;
}

const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

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

/** Lower case, and digits as the letters they stand for (`1gn0re`). */
const plain = new Uint16Array(0x80);
const LEET = "oizeasgtbg";
for (let unit = 0; unit < plain.length; unit += 1) {
  const digit = unit - 0x30;
  const isLetter = (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;
  if (digit >= 0 && digit <= 9) plain[unit] = LEET.charCodeAt(digit);
  else plain[unit] = isLetter ? unit | 0x20 : unit;
}

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

/** Slots of a table of words by the low bits of their hashes: which word, and its role. */
const ROLE_SLOTS = 1 << 13;
const roleWords = new Int32Array(ROLE_SLOTS);
const roleNumbers = new Uint8Array(ROLE_SLOTS);
fillRoles();

/** Words of the signatures' vocabulary: the first class each is in, from 1. */
function fillRoles(): void {
  let role = 0;
  for (const [name, words] of Object.entries(INJECTION_VOCABULARY)) {
    role += 1;
    if (name === "FILL" || name === "TO") continue;
    for (const word of words.trim().split(/\s+/u)) {
      const slot = roleSlot(hashOf(foldLiteral(word)));
      roleWords[slot] = hashOf(foldLiteral(word));
      if (roleNumbers[slot] === 0) roleNumbers[slot] = role;
    }
  }
}

function roleSlot(hash: number): number {
  let slot = (hash ^ (hash >>> 13)) & (ROLE_SLOTS - 1);
  while (roleNumbers[slot] !== 0 && roleWords[slot] !== hash) slot = (slot + 1) & (ROLE_SLOTS - 1);
  return slot;
}

function hashOf(word: string): number {
  let hash = SEED;
  for (let i = 0; i < word.length; i += 1) {
    const unit = word.charCodeAt(i);
    hash = Math.imul(hash ^ (unit < 0x80 ? (plain[unit] ?? 0) : unit), PRIME);
  }
  return hash;
}

/** Reads `[from, to)` of `text`; `base` is the offset of the text's first unit. */
export function readTokens(
  reader: TokenReader,
  text: string,
  from: number,
  to: number,
  base: number,
): void {
  for (let i = from; i < to; i += 1) {
    const unit = text.charCodeAt(i);
    const kind = kinds[unit] ?? WORD;
    if (kind !== reader.kind || kind === SOLO || (kind === SIGN && reader.length >= SIGNS_MAX)) {
      if (reader.kind !== SPACE) endToken(reader, base + i);
      reader.kind = kind;
      reader.start = base + i;
    }
    if (kind === SPACE) continue;
    const lower = unit < 0x80 ? (plain[unit] ?? 0) : unit;
    reader.hash = Math.imul(reader.hash ^ lower, PRIME);
    reader.length += 1;
    if (reader.length === STEM_UNITS) reader.stem = reader.hash;
    if (unit < 0x80) {
      if ((unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a) {
        reader.letters += 1;
        if (unit < 0x61) reader.capitals += 1;
      } else if (unit >= 0x30 && unit <= 0x39) reader.digits += 1;
    } else reader.letters += 1;
  }
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

function isRepeated({ recent, tokens }: TokenReader, hash: number): boolean {
  for (let i = 0; i < REPEAT_REACH; i += 1) if (recent[i] === hash) return true;
  recent[tokens % REPEAT_REACH] = hash;
  return false;
}

function pass(reader: TokenReader, stem: number): void {
  reader.tokens += 1;
  reader.before3 = reader.before2;
  reader.before2 = reader.before1;
  reader.before1 = Math.imul(stem, PRIME);
  startToken(reader);
}

/** The part that the word plays, and pairs of parts in the words before it. */
function playRole(reader: TokenReader, hash: number, from: number): number {
  const { features, roles } = reader;
  const role = roleNumbers[roleSlot(hash)] ?? 0;
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
  reader.words = (reader.words + 1) % ROLE_REACH;
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
