/**
 * Where an anchor stands. One pass with a rolling key of three units, and whether a word begins
 * there, rules out nearly every place for two nanoseconds each; a trie of whole anchors decides the
 * rest. The cost does not depend on how many anchors there are.
 */
import { isAscii, isDigit, isLetter } from "./text-units.ts";
import type { Signature } from "./signature.ts";

const CLASS_BITS = 6;
const CLASSES = 1 << CLASS_BITS;
/** Three classes, and the lowest bit of the one before: whether that unit is in a word. */
const KEY_MASK = (1 << (3 * CLASS_BITS + 1)) - 1;
const IN_WORD = 1 << (3 * CLASS_BITS);

const ASCII_END = 0x80;
/** Other scripts have cases that classes do not know: only so many of their units are compared. */
const OTHER_UNITS = 4;

/** Values of `heads`. */
const AT_WORD_START = 1;
const ANYWHERE = 2;

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

export interface AnchorTable {
  /** A bit for each key with which an anchor begins. */
  readonly bits: Int32Array;
  /** By key: the node of its three units. */
  readonly starts: Uint16Array;
  readonly trie: Trie;
  /** Beginnings, of one and of two units, of anchors of signatures that may rewrite text. */
  readonly heads: Uint8Array;
  readonly empty: boolean;
}

/** Roots: 0 is nowhere, 1 inside a word, 2 at the beginning of one. */
const INSIDE = 1;
const OUTSIDE = 2;

interface Trie {
  /** Node after a class: `next[node * CLASSES + class]`, 0 for none. */
  readonly next: Uint16Array;
  /** By node: whether an anchor ends here. */
  readonly ends: Uint8Array;
  /** By node: signatures with an anchor that ends on the way here; empty if none ends just here. */
  readonly whole: readonly (readonly Signature[])[];
  /** By node: the same and those with an anchor that goes on from here; filled as asked for. */
  readonly reach: Map<number, readonly Signature[]>;
  /** Signatures in their order. */
  readonly order: readonly Signature[];
}

const NONE: readonly Signature[] = [];
const EVERY_CLASS = Array.from({ length: CLASSES }, (_, one) => one);

export function anchorTable(
  signatures: readonly Signature[],
  rewrites: (detector: string) => boolean,
): AnchorTable {
  const bits = new Int32Array((KEY_MASK + 1) / 32);
  const heads = new Uint8Array(1 << (2 * CLASS_BITS));
  const roots: readonly [Draft, Draft] = [draft(), draft()];
  for (const [place, signature] of signatures.entries()) {
    const where = signature.wordStart ? AT_WORD_START : ANYWHERE;
    for (const anchor of signature.anchors) {
      const classes = classesOf(anchor);
      const [a = 0, b = 0] = classes;
      if (rewrites(signature.detector)) markHeads(heads, a, b, where);
      // Of two units: with any third.
      const forms = classes.length > 2 ? [classes] : EVERY_CLASS.map((c) => [a, b, c]);
      for (const form of forms) {
        const key = (a << (2 * CLASS_BITS)) | (b << CLASS_BITS) | (form[2] ?? 0);
        setBit(bits, key);
        enter(roots[1], form, place);
        if (signature.wordStart) continue;
        setBit(bits, key | IN_WORD);
        enter(roots[0], form, place);
      }
    }
  }
  const trie = flatten(roots, signatures);
  return { bits, heads, trie, starts: startsOf(bits, trie), empty: signatures.length === 0 };
}

/** The first place in `[from, to - 2)` where an anchor stands, or begins at the end; or -1. */
export function nextAnchor(table: AnchorTable, text: string, from: number, to: number): number {
  const { bits, starts, trie } = table;
  let key = from > 0 ? classAt(text, from - 1) : SPACE_CLASS;
  key = (((key << CLASS_BITS) | classAt(text, from)) << CLASS_BITS) | classAt(text, from + 1);
  for (let i = from + 2; i < to; i += 1) {
    key = ((key << CLASS_BITS) | (classOf[text.charCodeAt(i)] ?? 0)) & KEY_MASK;
    if ((((bits[key >> 5] ?? 0) >> key) & 1) === 0) continue;
    const node = starts[key] ?? 0;
    if (leadsOn(trie, text, i + 1, node)) return i - 2;
  }
  return -1;
}

/** In a complete text: where the first anchor stands, its length if nowhere, 0 if it needs folding. */
export function firstAnchor(table: AnchorTable, text: string): number {
  const { bits, starts, trie } = table;
  const { length } = text;
  let units = (length > 0 ? text.charCodeAt(0) : 0) | (length > 1 ? text.charCodeAt(1) : 0);
  let key = (classAt(text, 0) << CLASS_BITS) | classAt(text, 1);
  let i = 2;
  for (; i < length; i += 1) {
    const unit = text.charCodeAt(i);
    units |= unit;
    key = ((key << CLASS_BITS) | (classOf[unit] ?? 0)) & KEY_MASK;
    if ((((bits[key >> 5] ?? 0) >> key) & 1) === 0) continue;
    const node = starts[key] ?? 0;
    if (hasWhole(trie, text, i + 1, node)) break;
  }
  if (i < length) return isAscii(text) ? i - 2 : 0;
  return units < ASCII_END ? length : 0;
}

/**
 * The signatures whose anchors stand at `at`, or begin there and may go on behind the text, of which
 * three units are known.
 */
export function anchoredAt(table: AnchorTable, text: string, at: number): readonly Signature[] {
  const { next, ends, whole } = table.trie;
  let key = at > 0 ? classAt(text, at - 1) & 1 : 0;
  for (let i = at; i < at + 3; i += 1) key = (key << CLASS_BITS) | classAt(text, i);
  let node = table.starts[key] ?? 0;
  if (node === 0) return NONE;
  let last = ends[node] === 0 ? 0 : node;
  for (let i = at + 3; i < text.length; i += 1) {
    node = next[(node << CLASS_BITS) | classAt(text, i)] ?? 0;
    if (node === 0) return whole[last] ?? NONE;
    if (ends[node] !== 0) last = node;
  }
  return reachOf(table.trie, node, whole[last] ?? NONE);
}

/** Whether an anchor ends at `node` or where the text from `from` leads to. */
function hasWhole({ next, ends }: Trie, text: string, from: number, node: number): boolean {
  let at = node;
  for (let i = from; ends[at] === 0; i += 1) {
    if (i >= text.length) return false;
    at = next[(at << CLASS_BITS) | (classOf[text.charCodeAt(i)] ?? 0)] ?? 0;
    if (at === 0) return false;
  }
  return true;
}

/** As `hasWhole`, or the text ends before an anchor does. */
function leadsOn({ next, ends }: Trie, text: string, from: number, node: number): boolean {
  let at = node;
  for (let i = from; ends[at] === 0; i += 1) {
    if (i >= text.length) return true;
    at = next[(at << CLASS_BITS) | (classOf[text.charCodeAt(i)] ?? 0)] ?? 0;
    if (at === 0) return false;
  }
  return true;
}

/** Where the last one or two units of `text` could begin an anchor; its length if they cannot. */
export function tailOf(table: AnchorTable, text: string, from: number): number {
  const end = text.length;
  const [a, b] = [classAt(text, end - 2), classAt(text, end - 1)];
  if (end - 2 >= from && mayBegin(table, (a << CLASS_BITS) | b, text, end - 2)) return end - 2;
  return end - 1 >= from && mayBegin(table, b, text, end - 1) ? end - 1 : end;
}

function mayBegin(table: AnchorTable, key: number, text: string, at: number): boolean {
  const where = table.heads[key] ?? 0;
  return where === ANYWHERE || (where === AT_WORD_START && (classAt(text, at - 1) & 1) === 0);
}

function classAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? (classOf[text.charCodeAt(at)] ?? 0) : SPACE_CLASS;
}

function classesOf(anchor: string): readonly number[] {
  const classes: number[] = [];
  for (let i = 0; i < anchor.length; i += 1) {
    if (i >= OTHER_UNITS && anchor.charCodeAt(i) >= ASCII_END) break;
    classes.push(classAt(anchor, i));
  }
  return classes;
}

function setBit(bits: Int32Array, slot: number): void {
  bits[slot >> 5] = (bits[slot >> 5] ?? 0) | (1 << (slot & 31));
}

function markHeads(heads: Uint8Array, a: number, b: number, where: number): void {
  for (const key of [a, (a << CLASS_BITS) | b]) heads[key] = Math.max(heads[key] ?? 0, where);
}

function startsOf(bits: Int32Array, { next }: Trie): Uint16Array {
  const starts = new Uint16Array(KEY_MASK + 1);
  for (let key = 0; key <= KEY_MASK; key += 1) {
    if ((((bits[key >> 5] ?? 0) >> key) & 1) === 0) continue;
    let node = (key & IN_WORD) === 0 ? OUTSIDE : INSIDE;
    for (let shift = 2 * CLASS_BITS; shift >= 0 && node !== 0; shift -= CLASS_BITS) {
      node = next[(node << CLASS_BITS) | ((key >> shift) & (CLASSES - 1))] ?? 0;
    }
    starts[key] = node;
  }
  return starts;
}

/** A node of the trie while it grows. */
interface Draft {
  readonly next: Map<number, Draft>;
  /** Places in the list of signatures, in order. */
  readonly ends: number[];
}

function draft(): Draft {
  return { next: new Map(), ends: [] };
}

function enter(root: Draft, classes: readonly number[], signature: number): void {
  let node = root;
  for (const one of classes) {
    let next = node.next.get(one);
    if (next === undefined) {
      next = draft();
      node.next.set(one, next);
    }
    node = next;
  }
  if (node.ends.at(-1) !== signature) node.ends.push(signature);
}

/** Throws RangeError past the nodes that 16 bits can name. */
function flatten(roots: readonly Draft[], order: readonly Signature[]): Trie {
  const nodes: Draft[] = [draft(), ...roots];
  const passed: (readonly number[])[] = [];
  const links: number[] = [];
  for (let at = 0; at < nodes.length; at += 1) {
    const { next, ends } = nodes[at] ?? draft();
    const before = passed[at] ?? [];
    const all = ends.length === 0 ? before : inOrder([...before, ...ends]);
    passed[at] = all;
    for (const [one, child] of next) {
      links.push((at << CLASS_BITS) | one, nodes.length);
      passed[nodes.length] = all;
      nodes.push(child);
    }
  }
  if (nodes.length > 0xffff) throw new RangeError("too many anchors");
  const next = new Uint16Array(nodes.length << CLASS_BITS);
  for (let i = 0; i < links.length; i += 2) next[links[i] ?? 0] = links[i + 1] ?? 0;
  const whole = nodes.map(({ ends }, at) => {
    return ends.length === 0 ? NONE : (passed[at] ?? []).flatMap((one) => order[one] ?? []);
  });
  const ends = Uint8Array.from(nodes, (node) => (node.ends.length > 0 ? 1 : 0));
  return { next, ends, whole, reach: new Map(), order };
}

function reachOf(trie: Trie, node: number, passed: readonly Signature[]): readonly Signature[] {
  const known = trie.reach.get(node);
  if (known !== undefined) return known;
  const found = new Set(passed);
  const open = [node];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const one of trie.whole[at] ?? NONE) found.add(one);
    for (let i = 0; i < CLASSES; i += 1) {
      const child = trie.next[(at << CLASS_BITS) | i] ?? 0;
      if (child !== 0) open.push(child);
    }
  }
  const all = trie.order.filter((signature) => found.has(signature));
  trie.reach.set(node, all);
  return all;
}

function inOrder(places: readonly number[]): readonly number[] {
  return [...new Set(places)].toSorted((a, b) => a - b);
}
