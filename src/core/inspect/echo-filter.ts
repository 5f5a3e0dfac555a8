import { firstNeedle, needleAt, needlesOf, type Needles } from "../secret/needles.ts";

/**
 * Takes injected secrets out of bytes of any kind as they stream by. Holds back only the end of a
 * chunk that is a beginning of a secret.
 */
export interface EchoFilter {
  /** The same chunk if nothing is in it; possibly empty. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back. */
  end(): Uint8Array;
  /** Times a secret was taken out. */
  readonly removed: number;
}

/** Of the same length in bytes as what it stands for, so lengths that were announced hold. */
const MASK = 0x2a;
const EMPTY = new Uint8Array(0);

export function createEchoFilter(withheld: readonly string[]): EchoFilter {
  const needles = needlesOf(withheld);
  let kept: Uint8Array = EMPTY;
  let removed = 0;
  return {
    push(chunk) {
      if (needles.list.length === 0) return chunk;
      const bytes = kept.length === 0 ? chunk : concat(kept, chunk);
      const hits = hitsIn(bytes, needles);
      removed += hits.length;
      const clean = hits.length === 0 ? bytes : masked(bytes, hits);
      const tail = tailAt(bytes, needles.list, hits.at(-1)?.end ?? 0);
      kept = tail === bytes.length ? EMPTY : new Uint8Array(bytes.subarray(tail));
      return tail === bytes.length ? clean : clean.subarray(0, tail);
    },
    end() {
      const rest = kept;
      kept = EMPTY;
      return rest;
    },
    get removed() {
      return removed;
    },
  };
}

interface Hit {
  readonly start: number;
  readonly end: number;
}

/** Non-overlapping, from the left, the longest where several begin. */
function hitsIn(bytes: Uint8Array, needles: Needles): readonly Hit[] {
  const hits: Hit[] = [];
  let start = firstNeedle(needles, bytes, 0);
  while (start !== -1) {
    const end = start + needleAt(needles, bytes, start);
    hits.push({ start, end });
    start = firstNeedle(needles, bytes, end);
  }
  return hits;
}

/** Where the end of `bytes` is a proper beginning of a needle; its length if nowhere. */
function tailAt(bytes: Uint8Array, needles: readonly Uint8Array[], floor: number): number {
  let nearest = bytes.length;
  for (const needle of needles) {
    const first = needle[0] ?? 0;
    let at = Math.max(floor, bytes.length - needle.length + 1);
    for (
      at = bytes.indexOf(first, at);
      at >= 0 && at < nearest;
      at = bytes.indexOf(first, at + 1)
    ) {
      if (startsWith(bytes, needle, at, bytes.length - at)) nearest = at;
    }
  }
  return nearest;
}

function startsWith(bytes: Uint8Array, needle: Uint8Array, at: number, count: number): boolean {
  for (let i = 1; i < count; i += 1) if (bytes[at + i] !== needle[i]) return false;
  return true;
}

function masked(bytes: Uint8Array, hits: readonly Hit[]): Uint8Array {
  // A Buffer's own `slice` would share its memory with the copy.
  const copy = new Uint8Array(bytes);
  for (const { start, end } of hits) copy.fill(MASK, start, end);
  return copy;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
