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

const { CLASS_BITS, CLASSES, KEY_MASK } = KEY_LAYOUT;
const IN_WORD = 1 << (3 * CLASS_BITS);

/** Other scripts have cases that classes do not know: only so many of their units are compared. */
const OTHER_UNITS = 4;

/** Roots: 0 is nowhere, 1 inside a word, 2 at the beginning of one. */
const INSIDE = 1;
const OUTSIDE = 2;

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

function inOrder(places: readonly number[]): readonly number[] {
  return [...new Set(places)].toSorted((a, b) => a - b);
}
