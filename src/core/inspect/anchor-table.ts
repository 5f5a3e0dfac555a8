/** Compiles the anchors of signatures into what `find-anchor.ts` looks up. */
import {
  ANYWHERE,
  ASCII_END,
  AT_WORD_START,
  classAt,
  KEY_LAYOUT,
  NONE,
  onesOf,
  pairOf,
  type AnchorTable,
  type Trie,
} from "./find-anchor.ts";
import type { Signature } from "./signature.ts";

const { CLASS_BITS, CLASSES, KEY_MASK, IN_WORD, INSIDE, OUTSIDE, PAIRS } = KEY_LAYOUT;

/** Other scripts have cases that classes do not know: only so many of their units are compared. */
const OTHER_UNITS = 4;

const EVERY_CLASS = Array.from({ length: CLASSES }, (_, one) => one);

export function anchorTable(
  signatures: readonly Signature[],
  rewrites: (detector: string) => boolean,
): AnchorTable {
  const bits = new Int32Array((KEY_MASK + 1) / 32);
  const pairs = new Uint8Array(PAIRS);
  pairs[pairOf(0, 0)] = 1;
  const heads = new Uint8Array(1 << (2 * CLASS_BITS));
  const growing = new GrowingTrie();
  for (const [place, signature] of signatures.entries()) {
    const where = signature.wordStart ? AT_WORD_START : ANYWHERE;
    for (const anchor of signature.anchors) {
      const classes = classesOf(anchor);
      const [a = 0, b = 0] = classes;
      pairs[pairOf(anchor.charCodeAt(0), anchor.charCodeAt(1))] = 1;
      if (rewrites(signature.detector)) markHeads(heads, a, b, where);
      // Of two units: with any third.
      const forms = classes.length > 2 ? [classes] : EVERY_CLASS.map((c) => [a, b, c]);
      for (const form of forms) {
        const key = (a << (2 * CLASS_BITS)) | (b << CLASS_BITS) | (form[2] ?? 0);
        setBit(bits, key);
        growing.enter(OUTSIDE, form, place);
        if (signature.wordStart) continue;
        setBit(bits, key | IN_WORD);
        growing.enter(INSIDE, form, place);
      }
    }
  }
  const trie = growing.done(signatures);
  return { bits, pairs, starts: startsOf(bits, trie), heads, trie, empty: signatures.length === 0 };
}

/** Nodes come level by level, and within a level in the order of what leads to them. */
function startsOf(bits: Int32Array, { first }: Trie): Uint16Array {
  const afterOne = first[OUTSIDE] ?? 0;
  const afterTwo = first[afterOne] ?? 0;
  const starts = new Uint16Array(bits.length);
  let node = first[afterTwo] ?? 0;
  for (let i = 0; i < bits.length; i += 1) {
    starts[i] = node;
    node += onesOf(bits[i] ?? 0);
  }
  return starts;
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

/** A node while the trie grows. */
interface Branch {
  readonly unit: number;
  /** In the order of their units. */
  readonly children: Branch[];
  /** Places in the list of signatures, in order. */
  readonly ends: number[];
}

class GrowingTrie {
  readonly #outside = branch(OUTSIDE);
  readonly #inside = branch(INSIDE);
  #count = ROOTS_END;

  enter(root: number, classes: readonly number[], signature: number): void {
    let node = root === INSIDE ? this.#inside : this.#outside;
    for (const one of classes) node = this.#childOf(node, one);
    if (node.ends.at(-1) !== signature) node.ends.push(signature);
  }

  /** Level by level, so that the children of a node stand side by side. */
  done(order: readonly Signature[]): Trie {
    const first = new Uint16Array(this.#count + 1);
    const units = new Uint8Array(this.#count);
    const ends = new Uint8Array(this.#count);
    const whole: (readonly Signature[])[] = [];
    const nodes: Branch[] = [branch(0), this.#outside, this.#inside];
    const passed: (readonly number[])[] = [];
    let at = 0;
    for (const node of nodes) {
      const here = inOrder(passed[at] ?? NOWHERE, node.ends);
      first[at] = nodes.length;
      units[at] = node.unit;
      ends[at] = node.ends.length === 0 ? 0 : 1;
      whole[at] = node.ends.length === 0 ? NONE : signaturesAt(here, order);
      for (const child of node.children) passed[nodes.push(child) - 1] = here;
      at += 1;
    }
    first[nodes.length] = nodes.length;
    return { first, units, ends, whole, reach: new Map(), order };
  }

  /** Throws RangeError past the nodes that 16 bits can name. */
  #childOf({ children }: Branch, unit: number): Branch {
    let place = 0;
    for (const child of children) {
      if (child.unit === unit) return child;
      if (child.unit > unit) break;
      place += 1;
    }
    this.#count += 1;
    if (this.#count > 0xffff) throw new RangeError("too many anchors");
    const child = branch(unit);
    children.splice(place, 0, child);
    return child;
  }
}

function branch(unit: number): Branch {
  return { unit, children: [], ends: [] };
}

/** Behind nowhere and the two roots. */
const ROOTS_END = 3;
const NOWHERE: readonly number[] = [];

function inOrder(before: readonly number[], here: readonly number[]): readonly number[] {
  if (here.length === 0) return before;
  if (before.length === 0) return here;
  return [...new Set([...before, ...here])].toSorted((a, b) => a - b);
}

function signaturesAt(
  places: readonly number[],
  order: readonly Signature[],
): readonly Signature[] {
  return places.flatMap((place) => order[place] ?? []);
}
