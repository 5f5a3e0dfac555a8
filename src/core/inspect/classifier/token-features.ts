/**
 * What a token says: numbers that name the word, its stem, the stems before it, the part it plays in
 * an attack, how it is written and where it stands.
 */
import { batch, MARKS, QUOTATION_SHIFT } from "./token-batch.ts";
import {
  isRepeated,
  REPEAT_REACH,
  ROLE_BITS,
  ROLE_REACH,
  type TokenReader,
} from "./token-reader.ts";
import { hearOpening, hearQuoted, hearSpeech, hearToken, talkLevel } from "./token-setting.ts";
import { hashOf, PRIME, roleOf, speechOf } from "./word-roles.ts";

const tokens = batch;
const { hashes, stems, marks, starts, ends, features, featureEnds } = batch;
const IS_WORD = MARKS.WORD;
const IS_NUMBER = MARKS.NUMBER;
const IS_LOUD = MARKS.LOUD;
const IS_SAID = MARKS.SAID;
const OPENS = MARKS.OPENS;
const IS_SHOWN = MARKS.SHOWN;
const HAS_DIGIT = MARKS.DIGIT;
/** What is no word says nothing, nor does a letter alone. */
const IS_MUTE = MARKS.LONG | MARKS.SINGLE;
const ROLE_MASK = (1 << ROLE_BITS) - 1;
const HAS_NO_STEM = MARKS.LONG | MARKS.NUMBER;

// What kinds of features there are: each begins its hash with its own number.
const IS_TOKEN = 0x1f3d;
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

/** Gives each token of the batch its features. */
export function describeTokens(reader: TokenReader): void {
  let end = 0;
  tokens.shows = false;
  for (let t = 0; t < tokens.count; t += 1) {
    const mark = marks[t] ?? 0;
    let hash = hashes[t] ?? 0;
    let stem = stems[t] ?? 0;
    hearToken(reader.setting);
    const speech = (mark & IS_WORD) === 0 ? 0 : speechOf(stem);
    if (speech !== 0) hearSpeech(reader.setting, speech, ends[t] ?? 0);
    if ((mark & IS_SAID) !== 0) markSaid(reader, t);
    if ((mark & HAS_NO_STEM) !== 0) hash = stem = (mark & IS_NUMBER) === 0 ? LONG_WORD : NUMBER;
    if ((mark & IS_MUTE) === 0 && !isRepeated(reader, hash)) {
      end = describe(reader, hash, stem, mark, end);
    }
    featureEnds[t] = end;
    reader.turn = reader.turn + 1 === REPEAT_REACH ? 0 : reader.turn + 1;
    reader.before3 = reader.before2;
    reader.before2 = reader.before1;
    reader.before1 = Math.imul(stem, PRIME);
  }
}

/** Marks a word of a quotation that is only shown. */
function markSaid({ setting }: TokenReader, token: number): void {
  const mark = marks[token] ?? 0;
  if ((mark & OPENS) !== 0) hearOpening(setting, starts[token] ?? 0);
  if (!hearQuoted(setting, ends[token] ?? 0)) return;
  marks[token] = mark | IS_SHOWN;
  tokens.shows = true;
}

/** Where its features end that begin at `from`. */
function describe(
  reader: TokenReader,
  hash: number,
  stem: number,
  mark: number,
  from: number,
): number {
  features[from] = mixed(IS_TOKEN, hash);
  features[from + 1] = mixed(IS_PAIR ^ reader.before1, stem);
  features[from + 2] = mixed(IS_SKIP ^ reader.before2, stem);
  features[from + 3] = mixed(IS_WIDE_SKIP ^ reader.before3, stem);
  let end = from + 4;
  if ((mark & IS_LOUD) !== 0) {
    features[end] = mixed(IS_CAPITALS, stem);
    end += 1;
  }
  return (mark & IS_WORD) === 0 ? end : playRole(reader, roleOf(hash), mark, end);
}

/** The part that the word plays, and pairs of parts in the words before it. */
function playRole(reader: TokenReader, role: number, mark: number, from: number): number {
  const { setting } = reader;
  let count = from;
  if (role !== 0) {
    const quotation = mark >> QUOTATION_SHIFT;
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
    if ((mark & HAS_DIGIT) !== 0) {
      features[count] = mixed(IS_LEET, 0);
      count += 1;
    }
    for (let others = reader.roles; others !== 0; others >>>= ROLE_BITS) {
      const other = others & ROLE_MASK;
      if (other === 0) continue;
      features[count] = mixed(IS_ROLE_PAIR ^ (other << 8), role);
      count += 1;
    }
  }
  const at = reader.words * ROLE_BITS;
  reader.roles = (reader.roles & ~(ROLE_MASK << at)) | (role << at);
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
