/**
 * The prefilter: one pass with a rolling key of three units, and whether a word begins there, says
 * where an anchor may stand. A few nanoseconds a unit, whatever the number of anchors.
 */
import type { Signature } from "./signature.ts";

const CLASS_BITS = 6;
const CLASSES = 1 << CLASS_BITS;
const CLASS_MASK = CLASSES - 1;
/** Three classes. */
const KEY_BITS = 3 * CLASS_BITS;
const KEY_MASK = (1 << KEY_BITS) - 1;
/** In a class: the unit is an ASCII letter or digit. */
const IN_WORD = CLASSES;
/** Instead of a class: any unit. */
const ANY = -1;

/** Values of `heads`. */
const AT_WORD_START = 1;
const ANYWHERE = 2;

const SPACE_CLASS = 0;
const DIGIT_CLASS = 27;

/** Letters without case, all digits alike, all white space alike; other ASCII signs each their own. */
const classOf = new Uint8Array(0x10000);
let nextClass = DIGIT_CLASS + 1;
for (let unit = 0; unit < classOf.length; unit += 1) {
  if (unit <= 0x20 || unit === 0x7f) classOf[unit] = SPACE_CLASS;
  else if (isDigit(unit)) classOf[unit] = DIGIT_CLASS | IN_WORD;
  else if (isLetter(unit)) classOf[unit] = ((unit | 0x20) - 0x60) | IN_WORD;
  else if (unit < 0x80) classOf[unit] = nextClass++;
  else classOf[unit] = (unit ^ (unit >> CLASS_BITS)) & CLASS_MASK;
}

export interface Trigrams {
  /** A bit for each key, the first half where the unit before is no word's. */
  readonly bits: Int32Array;
  readonly buckets: ReadonlyMap<number, Bucket>;
  /** Beginnings, of one and of two units, of anchors of signatures that may rewrite text. */
  readonly heads: Uint8Array;
}

interface Bucket {
  readonly signatures: Signature[];
  /** By class: whether a fourth unit of it fits any anchor. */
  readonly fourths: Uint8Array;
}

export function trigramsOf(
  signatures: readonly Signature[],
  rewrites: (detector: string) => boolean,
): Trigrams {
  const bits = new Int32Array((2 << KEY_BITS) / 32);
  const buckets = new Map<number, Bucket>();
  const heads = new Uint8Array(1 << (2 * CLASS_BITS));
  for (const signature of signatures) {
    for (const anchor of signature.anchors) {
      const [a, b, c] = [classAt(anchor, 0), classAt(anchor, 1), classAt(anchor, 2)];
      const where = signature.wordStart ? AT_WORD_START : ANYWHERE;
      if (rewrites(signature.detector)) markHeads(heads, a, b, where);
      const thirds = anchor.length > 2 ? [c] : Array.from({ length: CLASSES }, (_, any) => any);
      for (const third of thirds) {
        const key = keyOf(a, b, third);
        setBit(bits, key);
        if (!signature.wordStart) setBit(bits, key | (1 << KEY_BITS));
        enter(buckets, key, signature, anchor.length > 3 ? classAt(anchor, 3) : ANY);
      }
    }
  }
  return { bits, buckets, heads };
}

/** The first place in `[from, to - 2)` where an anchor may stand, or -1. */
export function nextTrigram(trigrams: Trigrams, text: string, from: number, to: number): number {
  const { bits } = trigrams;
  let key = keyOf(0, classAt(text, from), classAt(text, from + 1));
  let words = from > 0 && isWordUnit(text.charCodeAt(from - 1)) ? 4 : 0;
  words |=
    (isWordUnit(text.charCodeAt(from)) ? 2 : 0) | (isWordUnit(text.charCodeAt(from + 1)) ? 1 : 0);
  for (let i = from + 2; i < to; i += 1) {
    const value = classOf[text.charCodeAt(i)] ?? 0;
    key = ((key << CLASS_BITS) | (value & CLASS_MASK)) & KEY_MASK;
    const slot = key | ((words & 4) << (KEY_BITS - 2));
    words = (words << 1) | (value >> CLASS_BITS);
    if (((bits[slot >> 5] ?? 0) & (1 << (slot & 31))) === 0) continue;
    if (i + 1 === to) return i - 2;
    if (trigrams.buckets.get(key)?.fourths[classAt(text, i + 1)] === 1) return i - 2;
  }
  return -1;
}

export function bucketAt(trigrams: Trigrams, text: string, at: number): readonly Signature[] {
  const key = keyOf(classAt(text, at), classAt(text, at + 1), classAt(text, at + 2));
  return trigrams.buckets.get(key)?.signatures ?? [];
}

/** Where the last one or two units of `text` could begin an anchor; its length if they cannot. */
export function tailOf(trigrams: Trigrams, text: string, from: number): number {
  const end = text.length;
  const [a, b] = [classAt(text, end - 2), classAt(text, end - 1)];
  if (end - 2 >= from && mayBegin(trigrams, (a << CLASS_BITS) | b, text, end - 2)) return end - 2;
  return end - 1 >= from && mayBegin(trigrams, b, text, end - 1) ? end - 1 : end;
}

function mayBegin(trigrams: Trigrams, key: number, text: string, at: number): boolean {
  const where = trigrams.heads[key] ?? 0;
  return where === ANYWHERE || (where === AT_WORD_START && !isWordUnit(text.charCodeAt(at - 1)));
}

export function isLetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

export function isWordUnit(unit: number): boolean {
  return isLetter(unit) || isDigit(unit);
}

function classAt(text: string, at: number): number {
  return (classOf[text.charCodeAt(at)] ?? 0) & CLASS_MASK;
}

function keyOf(a: number, b: number, c: number): number {
  return (a << (2 * CLASS_BITS)) | (b << CLASS_BITS) | c;
}

function setBit(bits: Int32Array, slot: number): void {
  bits[slot >> 5] = (bits[slot >> 5] ?? 0) | (1 << (slot & 31));
}

function markHeads(heads: Uint8Array, a: number, b: number, where: number): void {
  for (const key of [a, (a << CLASS_BITS) | b]) heads[key] = Math.max(heads[key] ?? 0, where);
}

function enter(
  buckets: Map<number, Bucket>,
  key: number,
  signature: Signature,
  fourth: number,
): void {
  const bucket = buckets.get(key) ?? { signatures: [], fourths: new Uint8Array(CLASSES) };
  if (!bucket.signatures.includes(signature)) bucket.signatures.push(signature);
  if (fourth === ANY) bucket.fourths.fill(1);
  else bucket.fourths[fourth] = 1;
  buckets.set(key, bucket);
}
