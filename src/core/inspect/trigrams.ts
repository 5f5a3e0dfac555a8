/**
 * The prefilter: one pass with a rolling hash of three units says where an anchor may stand. About
 * a nanosecond a unit, whatever the number of anchors; no state survives but the position.
 */
import type { Signature } from "./signature.ts";

const TABLE_BITS = 15;
const TABLE_MASK = (1 << TABLE_BITS) - 1;
const CLASSES = 128;
/** In a table entry: every signature of the bucket wants a word start. */
const WORD_START = 0x8000;

/** Values of `heads`. */
const AT_WORD_START = 1;
const ANYWHERE = 2;

const SPACE_CLASS = 0;
const DIGIT_CLASS = 27;
const NON_ASCII_CLASS = 64;

/** Letters without case, all digits alike, all white space alike; every other sign its own. */
const classOf = new Uint8Array(128);
let nextClass = DIGIT_CLASS + 1;
for (let unit = 0; unit < 128; unit += 1) {
  if (unit <= 0x20 || unit === 0x7f) classOf[unit] = SPACE_CLASS;
  else if (unit >= 0x30 && unit <= 0x39) classOf[unit] = DIGIT_CLASS;
  else if (isLetter(unit)) classOf[unit] = (unit | 0x20) - 0x60;
  else classOf[unit] = nextClass++;
}

export interface Trigrams {
  readonly table: Uint16Array;
  readonly buckets: readonly (readonly Signature[])[];
  /** Anchors of signatures that may rewrite text: beginnings of one and of two units. */
  readonly heads: Uint8Array;
}

export function trigramsOf(
  signatures: readonly Signature[],
  rewrites: (detector: string) => boolean,
): Trigrams {
  const table = new Uint16Array(1 << TABLE_BITS);
  const heads = new Uint8Array(1 << TABLE_BITS);
  const byHash = new Map<number, Set<Signature>>();
  for (const signature of signatures) {
    const holds = rewrites(signature.detector);
    for (const anchor of signature.anchors) {
      const [a, b, c] = [classAt(anchor, 0), classAt(anchor, 1), classAt(anchor, 2)];
      if (holds) markHeads(heads, a, b, signature.wordStart ? AT_WORD_START : ANYWHERE);
      if (anchor.length > 2) enter(byHash, hash(a, b, c), signature);
      else for (let any = 0; any < CLASSES; any += 1) enter(byHash, hash(a, b, any), signature);
    }
  }
  const buckets: (readonly Signature[])[] = [[]];
  for (const [key, found] of byHash) {
    const bucket = [...found];
    table[key] = buckets.length | (bucket.every((one) => one.wordStart) ? WORD_START : 0);
    buckets.push(bucket);
  }
  return { table, buckets, heads };
}

/** The first place in `[from, to - 2)` where an anchor may stand, or -1. */
export function nextTrigram(trigrams: Trigrams, text: string, from: number, to: number): number {
  const { table } = trigrams;
  let key = (classAt(text, from) << 5) ^ classAt(text, from + 1);
  for (let i = from + 2; i < to; i += 1) {
    const unit = text.charCodeAt(i);
    const value = unit < 128 ? (classOf[unit] ?? 0) : NON_ASCII_CLASS | (unit & 63);
    key = ((key << 5) ^ value) & TABLE_MASK;
    const entry = table[key] ?? 0;
    if (entry === 0) continue;
    if (entry < WORD_START || i < 3 || !isWordUnit(text.charCodeAt(i - 3))) return i - 2;
  }
  return -1;
}

export function bucketAt(trigrams: Trigrams, text: string, at: number): readonly Signature[] {
  const key = hash(classAt(text, at), classAt(text, at + 1), classAt(text, at + 2));
  return trigrams.buckets[(trigrams.table[key] ?? 0) & ~WORD_START] ?? [];
}

/** Where the last one or two units of `text` could begin an anchor; its length if they cannot. */
export function tailOf(trigrams: Trigrams, text: string, from: number): number {
  const end = text.length;
  const [a, b] = [classAt(text, end - 2), classAt(text, end - 1)];
  if (end - 2 >= from && mayBegin(trigrams, (a << 5) ^ b, text, end - 2)) return end - 2;
  return end - 1 >= from && mayBegin(trigrams, b, text, end - 1) ? end - 1 : end;
}

function mayBegin(trigrams: Trigrams, key: number, text: string, at: number): boolean {
  const where = trigrams.heads[key & TABLE_MASK] ?? 0;
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
  const unit = text.charCodeAt(at);
  if (unit >= 128) return NON_ASCII_CLASS | (unit & 63);
  return classOf[unit] ?? 0;
}

function markHeads(heads: Uint8Array, a: number, b: number, where: number): void {
  for (const key of [a, ((a << 5) ^ b) & TABLE_MASK]) {
    heads[key] = Math.max(heads[key] ?? 0, where);
  }
}

function hash(a: number, b: number, c: number): number {
  return ((a << 10) ^ (b << 5) ^ c) & TABLE_MASK;
}

function enter(byHash: Map<number, Set<Signature>>, key: number, signature: Signature): void {
  const found = byHash.get(key);
  if (found === undefined) byHash.set(key, new Set([signature]));
  else found.add(signature);
}
