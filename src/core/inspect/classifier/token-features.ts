/**
 * What a token says: numbers that name the word, its stem, the stems before it, the part it plays in
 * an attack, how it is written and where it stands.
 */
import {
  REPEAT_REACH,
  ROLE_REACH,
  SEEN,
  startToken,
  WORD_TOKEN,
  type TokenReader,
} from "./token-reader.ts";
import { closeByWord, hearToken, quotationOf, talkLevel } from "./token-setting.ts";
import { hashOf, isTalk, PRIME, roleOf, STEM_UNITS } from "./word-roles.ts";

/** Words this long are no words and say nothing; nor does a letter alone. */
const WORD_MAX = 24;

const IS_SMALL = SEEN.SMALL;
const IS_LETTER = SEEN.SMALL | SEEN.CAPITAL;
const IS_DIGIT = SEEN.DIGIT;

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
const IS_QUOTED = 0xa3d7;
const IS_TALKED = 0xb5e1;
const NUMBER = 0x0a0a0a0a;
const LONG_WORD = 0x0b0b0b0b;

export function endToken(reader: TokenReader, end: number): void {
  const { features, length, kind } = reader;
  let hash = reader.hash;
  let stem = length < STEM_UNITS ? hash : reader.stem;
  const isLong = length > WORD_MAX;
  hearToken(reader.setting, kind === WORD_TOKEN && isTalk(stem));
  if (kind === WORD_TOKEN && (reader.seen & IS_LETTER) === 0) hash = stem = NUMBER;
  else if (isLong) hash = stem = LONG_WORD;
  const isLetter = kind === WORD_TOKEN && length === 1;
  if (isLong || isLetter || isRepeated(reader, hash)) {
    reader.sink.token(features, 0, reader.start, end);
    pass(reader, stem);
    return;
  }
  features[0] = mixed(IS_WORD, hash);
  features[1] = mixed(IS_PAIR ^ reader.before1, stem);
  features[2] = mixed(IS_SKIP ^ reader.before2, stem);
  features[3] = mixed(IS_WIDE_SKIP ^ reader.before3, stem);
  let count = 4;
  if (reader.capitals >= 3 && (reader.seen & IS_SMALL) === 0) {
    features[count] = mixed(IS_CAPITALS, stem);
    count += 1;
  }
  if (kind === WORD_TOKEN) count = playRole(reader, roleOf(hash), count);
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
  if (reader.last !== 0) closeByWord(reader.setting, reader.last);
  reader.last = 0;
  startToken(reader);
}

/** The part that the word plays, and pairs of parts in the words before it. */
function playRole(reader: TokenReader, role: number, from: number): number {
  const { features, roles, setting } = reader;
  let count = from;
  if (role !== 0) {
    const quotation = quotationOf(setting);
    if (quotation !== 0) {
      features[count] = mixed(IS_QUOTED ^ (quotation << 8), role);
      count += 1;
    }
    const talk = talkLevel(setting);
    if (talk !== 0) {
      features[count] = mixed(IS_TALKED ^ (talk << 8), role);
      count += 1;
    }
    features[count] = mixed(IS_ROLE, role);
    count += 1;
    if ((reader.seen & IS_DIGIT) !== 0) {
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

/** By name; there are as many as injection has signatures. */
const signatureFeatures = new Map<string, number>();

/** The feature that a signature is near. */
export function signatureFeature(signature: string): number {
  const known = signatureFeatures.get(signature);
  if (known !== undefined) return known;
  const feature = mixed(IS_SIGNATURE, hashOf(signature));
  signatureFeatures.set(signature, feature);
  return feature;
}

function mixed(kind: number, value: number): number {
  let hash = Math.imul(kind ^ value, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
