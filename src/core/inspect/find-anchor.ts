/**
 * Where an anchor stands. One pass with a rolling key of three units, and whether a word begins
 * there, rules out nearly every place for a nanosecond or two; a trie of whole anchors decides the
 * rest. The cost does not depend on how many anchors there are.
 */
import type { Signature } from "./signature.ts";
import { BLOCK_MAX, load, openBlock, reach, type TextBlock } from "./text-block.ts";
import { isAscii, isDigit, isLetter } from "./text-units.ts";

// What the loops read is neither imported nor exported: such constants are looked up each time.
const CLASS_BITS = 6;
const CLASSES = 1 << CLASS_BITS;
export const ASCII_END = 0x80;
/** Text units that one key covers. */
const KEY_UNITS = 3;
/** Three classes, and the lowest bit of the one before: whether that unit is in a word. */
const KEY_MASK = (1 << (3 * CLASS_BITS + 1)) - 1;
const IN_WORD = 1 << (3 * CLASS_BITS);
/** Roots of the trie, in the order of keys: 0 is nowhere, 1 at the beginning of a word, 2 inside one. */
const OUTSIDE = 1;
const INSIDE = 2;

const PAIRS = 4096;

const SPACE_CLASS = 0;
const SIGN_CLASSES = 31;

/**
 * Letters without case, all digits alike, all white space alike, other signs nearly each their own.
 * Odd for what is in a word.
 */
const classOf = new Uint8Array(0x10000);
for (let unit = 0, signs = 0; unit < classOf.length; unit += 1) {
  if (unit <= 0x20 || unit === 0x7f) classOf[unit] = SPACE_CLASS;
  else if (isDigit(unit)) classOf[unit] = 1;
  else if (isLetter(unit)) classOf[unit] = (((unit | 0x20) - 0x60) << 1) | 1;
  else if (unit < ASCII_END) classOf[unit] = ((signs++ % SIGN_CLASSES) + 1) << 1;
  else classOf[unit] = ((unit ^ (unit >> (CLASS_BITS - 1))) << 1) & (CLASSES - 1);
}

/** How keys are made, for who makes tables of them. */
export const KEY_LAYOUT = {
  CLASS_BITS,
  CLASSES,
  KEY_MASK,
  IN_WORD,
  INSIDE,
  OUTSIDE,
  PAIRS,
} as const;

/** Values of `heads`. */
export const AT_WORD_START = 1;
export const ANYWHERE = 2;

/** Anchors of signatures, compiled; see `anchor-table.ts`. */
export interface AnchorTable {
  /** A bit for each key with which an anchor begins. */
  readonly bits: Int32Array;
  /** Whether an anchor begins with a pair like this, one of which is of another script: `pairOf`. */
  readonly pairs: Uint8Array;
  /** By word of `bits`: the node of its first key. The nodes of keys stand in the keys' order. */
  readonly starts: Uint16Array;
  readonly trie: Trie;
  /** Beginnings, of one and of two units, of anchors of signatures that may rewrite text. */
  readonly heads: Uint8Array;
  readonly empty: boolean;
}

/** Nodes are numbers, and the children of one stand side by side: a hundredth of a table of links. */
export interface Trie {
  /** By node: its first child; the first child of the next node ends its list. */
  readonly first: Uint16Array;
  /** By node: the class that leads to it from its parent; ascending among siblings. */
  readonly units: Uint8Array;
  /** By node: whether an anchor ends here. */
  readonly ends: Uint8Array;
  /** By node: signatures with an anchor that ends on the way here; empty if none ends just here. */
  readonly whole: readonly (readonly Signature[])[];
  /** By node: the same and those with an anchor that goes on from here; filled as asked for. */
  readonly reach: Map<number, readonly Signature[]>;
  /** Signatures in their order. */
  readonly order: readonly Signature[];
}

export const NONE: readonly Signature[] = [];

/** Anchors looked for at once. */
const ROW_MAX = 32;

/** Anchors of a text, looked for ahead: to begin anew for each takes longer than to find it. */
interface Row {
  /** Some of the text. */
  readonly block: TextBlock;
  table: AnchorTable | undefined;
  /** Where the anchors stand, `count` of them, and of which signatures they are. */
  readonly places: Int32Array;
  readonly found: (readonly Signature[])[];
  count: number;
  /** The first that was not yet passed, by who last asked for what is behind `from`. */
  next: number;
  from: number;
  /** What begins here or further on is still to be looked for. */
  to: number;
}

function openRow(): Row {
  const found = Array.from({ length: ROW_MAX }, () => NONE);
  const places = new Int32Array(ROW_MAX);
  return { block: openBlock(), table: undefined, places, found, count: 0, next: 0, from: 0, to: 0 };
}

/** Of the text at hand, and of what is looked at inside it: neither is read anew for the other. */
let recent = openRow();
let other = openRow();

function rowFor(text: string): Row {
  if (recent.block.text !== text) [recent, other] = [other, recent];
  // The same units in another string would be compared one by one, each time.
  else recent.block.text = text;
  return recent;
}

/** The first place from `from` on where an anchor stands, or begins at the end; or -1. */
export function nextAnchor(table: AnchorTable, text: string, from: number): number {
  const row = rowFor(text);
  const isAhead = row.block.text === text && from >= row.from && from <= row.to;
  if (!isAhead || row.table !== table) begin(row, table, from);
  row.from = from;
  for (;;) {
    for (; row.next < row.count; row.next += 1) {
      const at = row.places[row.next] ?? 0;
      if (at >= from) return at;
    }
    row.to = Math.max(row.to, from);
    if (row.to + KEY_UNITS > text.length) return -1;
    reach(row.block, text, row.to, KEY_UNITS);
    collect(row, table, text, ROW_MAX, true);
  }
}

/** In a complete text: where the first anchor stands, its length if nowhere, 0 if it needs folding. */
export function firstAnchor(table: AnchorTable, text: string): number {
  const { length } = text;
  const row = rowFor(text);
  const { block } = row;
  for (let at = 0; ; at += BLOCK_MAX - KEY_UNITS + 1) {
    // What may begin at the end is none here: whoever goes on asks anew.
    begin(row, undefined, at);
    load(block, text, at, Math.min(length, at + BLOCK_MAX));
    if (!block.isAscii) return 0;
    collect(row, table, text, 1, false);
    if (row.count > 0) return block.to === length || isAscii(text) ? (row.places[0] ?? 0) : 0;
    if (block.to === length) return length;
  }
}

function begin(row: Row, table: AnchorTable | undefined, from: number): void {
  row.table = table;
  row.count = 0;
  row.next = 0;
  row.to = from;
}

/** The next, `most` of them, in what is loaded; `open`: an anchor may go on behind the text. */
function collect(row: Row, table: AnchorTable, text: string, most: number, open: boolean): void {
  const { block, places, found, to: from } = row;
  const { bits, pairs, trie } = table;
  const { units, isAscii } = block;
  const begin = block.from;
  const length = block.to - begin;
  const first = from - begin;
  const before = first > 0 ? (classOf[units[first - 1] ?? 0] ?? 0) : classAt(text, from - 1);
  let key = (before << CLASS_BITS) | (classOf[units[first] ?? 0] ?? 0);
  key = (key << CLASS_BITS) | (classOf[units[first + 1] ?? 0] ?? 0);
  let count = 0;
  let i = first + 2;
  for (; i < length && count < most; i += 1) {
    key = ((key << CLASS_BITS) | (classOf[units[i] ?? 0] ?? 0)) & KEY_MASK;
    if ((((bits[key >> 5] ?? 0) >> key) & 1) === 0) continue;
    if (!isAscii && pairs[pairOf(units[i - 2] ?? 0, units[i - 1] ?? 0)] === 0) continue;
    const signatures = signaturesFrom(trie, text, begin + i + 1, startOf(table, key), open);
    if (signatures.length === 0) continue;
    places[count] = begin + i - 2;
    found[count] = signatures;
    count += 1;
  }
  row.to = begin + i - 2;
  row.count = count;
  row.next = 0;
}

/**
 * A place in `pairs`: many units of other scripts share a class, and anchors have few of them. Pairs of
 * ASCII, of which classes tell enough, share one that is set.
 */
export function pairOf(a: number, b: number): number {
  return (a | b) < ASCII_END ? 0 : (Math.imul(kindOf(a), 31) + kindOf(b)) & (PAIRS - 1);
}

function kindOf(unit: number): number {
  return unit < ASCII_END ? (classOf[unit] ?? 0) : unit;
}

/**
 * The signatures whose anchors stand at `at`, or begin there and may go on behind the text, of which
 * three units are known.
 */
export function anchoredAt(table: AnchorTable, text: string, at: number): readonly Signature[] {
  const { block, places, found, next, count } = recent;
  const isNext = next < count && places[next] === at;
  if (isNext && recent.table === table && block.text === text) return found[next] ?? NONE;
  const node = startAt(table, text, at);
  return node === 0 ? NONE : signaturesFrom(table.trie, text, at + KEY_UNITS, node, true);
}

/** Those of anchors that end at `node` or where the text from `from` on leads to, or `open`, may end. */
function signaturesFrom(
  trie: Trie,
  text: string,
  from: number,
  start: number,
  open: boolean,
): readonly Signature[] {
  const { ends, whole } = trie;
  let node = start;
  let last = ends[node] === 0 ? 0 : node;
  for (let i = from; i < text.length; i += 1) {
    node = childOf(trie, node, classOf[text.charCodeAt(i)] ?? 0);
    if (node === 0) return whole[last] ?? NONE;
    if (ends[node] !== 0) last = node;
  }
  return open ? reachOf(trie, node, whole[last] ?? NONE) : (whole[last] ?? NONE);
}

/** The node of the three units at `at`, 0 for none. */
function startAt(table: AnchorTable, text: string, at: number): number {
  let key = at > 0 ? classAt(text, at - 1) & 1 : 0;
  for (let i = at; i < at + 3; i += 1) key = (key << CLASS_BITS) | classAt(text, i);
  return startOf(table, key);
}

/** The node of a key's three units, 0 for none. */
function startOf({ bits, starts }: AnchorTable, key: number): number {
  const word = bits[key >> 5] ?? 0;
  const bit = 1 << key;
  return (word & bit) === 0 ? 0 : (starts[key >> 5] ?? 0) + onesOf(word & (bit - 1));
}

/** How many bits of 32 are set. @see https://graphics.stanford.edu/~seander/bithacks.html */
export function onesOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The node after a class, 0 for none. Few nodes have more than a handful of children. */
function childOf({ first, units }: Trie, node: number, unit: number): number {
  const end = first[node + 1] ?? 0;
  for (let child = first[node] ?? end; child < end; child += 1) {
    if (units[child] === unit) return child;
  }
  return 0;
}

function reachOf(trie: Trie, node: number, passed: readonly Signature[]): readonly Signature[] {
  const known = trie.reach.get(node);
  if (known !== undefined) return known;
  const found = new Set(passed);
  const open = [node];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const one of trie.whole[at] ?? NONE) found.add(one);
    const end = trie.first[at + 1] ?? 0;
    for (let child = trie.first[at] ?? end; child < end; child += 1) open.push(child);
  }
  const all = trie.order.filter((signature) => found.has(signature));
  trie.reach.set(node, all);
  return all;
}

export function classAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? (classOf[text.charCodeAt(at)] ?? 0) : SPACE_CLASS;
}
