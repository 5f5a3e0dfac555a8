/** Compiles the anchors of signatures into what `find-anchor.ts` looks up. */
import {
  ANYWHERE,
  ASCII_END,
  AT_WORD_START,
  classAt,
  KEY_LAYOUT,
  NONE,
  type AnchorTable,
  type Trie,
} from "./find-anchor.ts";
import type { Signature } from "./signature.ts";

const { CLASS_BITS, CLASSES, KEY_MASK, IN_WORD, INSIDE, OUTSIDE } = KEY_LAYOUT;

/** Other scripts have cases that classes do not know: only so many of their units are compared. */
const OTHER_UNITS = 4;

const EVERY_CLASS = Array.from({ length: CLASSES }, (_, one) => one);

export function anchorTable(
  signatures: readonly Signature[],
  rewrites: (detector: string) => boolean,
): AnchorTable {
  const bits = new Int32Array((KEY_MASK + 1) / 32);
  const heads = new Uint8Array(1 << (2 * CLASS_BITS));
  const growing = new GrowingTrie();
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
        growing.enter(OUTSIDE, form, place);
        if (signature.wordStart) continue;
        setBit(bits, key | IN_WORD);
        growing.enter(INSIDE, form, place);
      }
    }
  }
  return { bits, heads, trie: growing.done(signatures), empty: signatures.length === 0 };
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

/** A trie of up to 65,535 nodes that are numbers: one array of links instead of as many objects. */
class GrowingTrie {
  #next = new Uint16Array(NODES_AT_FIRST << CLASS_BITS);
  /** By node; a node comes after its parent. */
  readonly #parents: number[] = [0, 0, 0];
  /** By node: places in the list of signatures, in order. */
  readonly #ends: number[][] = [];

  enter(root: number, classes: readonly number[], signature: number): void {
    let node = root;
    for (const one of classes)
      node = this.#next[(node << CLASS_BITS) | one] || this.#add(node, one);
    const ends = (this.#ends[node] ??= []);
    if (ends.at(-1) !== signature) ends.push(signature);
  }

  done(order: readonly Signature[]): Trie {
    const count = this.#parents.length;
    const ends = new Uint8Array(count);
    const whole: (readonly Signature[])[] = [];
    const passed: (readonly number[])[] = [];
    for (let node = 0; node < count; node += 1) {
      const before = passed[this.#parents[node] ?? 0] ?? NOWHERE;
      const here = this.#ends[node];
      ends[node] = here === undefined ? 0 : 1;
      passed[node] = here === undefined ? before : inOrder(before, here);
      whole[node] = here === undefined ? NONE : signaturesAt(passed[node] ?? NOWHERE, order);
    }
    return { next: this.#next.slice(0, count << CLASS_BITS), ends, whole, reach: new Map(), order };
  }

  /** Throws RangeError past the nodes that 16 bits can name. */
  #add(parent: number, one: number): number {
    const node = this.#parents.push(parent) - 1;
    if (node > 0xffff) throw new RangeError("too many anchors");
    if (node << CLASS_BITS === this.#next.length) {
      const grown = new Uint16Array(2 * this.#next.length);
      grown.set(this.#next);
      this.#next = grown;
    }
    this.#next[(parent << CLASS_BITS) | one] = node;
    return node;
  }
}

const NODES_AT_FIRST = 1 << 12;
const NOWHERE: readonly number[] = [];

function inOrder(before: readonly number[], here: readonly number[]): readonly number[] {
  if (before.length === 0) return here;
  return [...new Set([...before, ...here])].toSorted((a, b) => a - b);
}

function signaturesAt(
  places: readonly number[],
  order: readonly Signature[],
): readonly Signature[] {
  return places.flatMap((place) => order[place] ?? []);
}
