/**
 * Any of several literals, found in one pass that jumps by nearly the length of the shortest: the
 * two last units of a window tell how far it may move on (Wu and Manber 1994, with blocks of two).
 */

export interface Needles {
  readonly list: readonly Uint8Array[];
  /** As long as the shortest. */
  readonly window: number;
  /** How far a window may move that ends in a block: 0 where a needle may stand in it. */
  readonly moves: Uint8Array;
}

/** What is searched: bytes, or text for needles that are ASCII. */
type Units = string | Uint8Array;

/** Blocks that share one move as little as the nearest of them. */
const BLOCKS = 4096;
const MOVE_MAX = 255;

const encoder = new TextEncoder();
/** A credential's forms are one list for all its answers. */
const known = new WeakMap<readonly string[], Needles>();

/** Empty literals are nowhere. */
export function needlesOf(literals: readonly string[]): Needles {
  let needles = known.get(literals);
  if (needles === undefined) known.set(literals, (needles = prepare(literals)));
  return needles;
}

function prepare(literals: readonly string[]): Needles {
  const list = literals.filter((text) => text !== "").map((text) => encoder.encode(text));
  const window = list.reduce((shortest, { length }) => Math.min(shortest, length), MOVE_MAX);
  const moves = new Uint8Array(BLOCKS).fill(window - 1);
  for (const needle of list) {
    for (let at = 1; at < window; at += 1) {
      const block = blockAt(needle, at);
      moves[block] = Math.min(moves[block] ?? 0, window - 1 - at);
    }
  }
  return { list, window, moves };
}

/** Where the first needle begins at or behind `from`; -1 where none does. */
export function firstNeedle(needles: Needles, units: Units, from: number): number {
  const { list, window, moves } = needles;
  if (list.length === 0) return -1;
  for (let last = from + window - 1; last < units.length;) {
    const move = moves[blockAt(units, last)] ?? 0;
    if (move === 0 && needleAt(needles, units, last - window + 1) > 0) return last - window + 1;
    last += Math.max(move, 1);
  }
  return -1;
}

/** The length of the longest needle that begins there; 0 where none does. */
export function needleAt({ list }: Needles, units: Units, start: number): number {
  let longest = 0;
  for (const needle of list) {
    if (needle.length > longest && standsAt(needle, units, start)) longest = needle.length;
  }
  return longest;
}

function standsAt(needle: Uint8Array, units: Units, start: number): boolean {
  if (start + needle.length > units.length) return false;
  for (let at = 0; at < needle.length; at += 1) {
    if (needle[at] !== unitAt(units, start + at)) return false;
  }
  return true;
}

/** The unit there and the one before, as a number below `BLOCKS`. */
function blockAt(units: Units, at: number): number {
  return ((unitAt(units, at - 1) << 5) ^ unitAt(units, at)) % BLOCKS;
}

function unitAt(units: Units, at: number): number {
  return typeof units === "string" ? units.charCodeAt(at) : (units[at] ?? 0);
}
