/**
 * The Merkle tree of certificate transparency: one root commits to a list of entries, and short
 * paths prove that an entry is in it and that a longer list begins with a shorter one. Hashes are 32
 * bytes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9162#section-2.1
 */
import { sha256, sha256Text } from "../../lib/sha256.ts";
import type { Digest } from "../units.ts";

const HASH_BYTES = 32;

const LEAF = 0x00;
const NODE = 0x01;
const EMPTY_ROOT = sha256(new Uint8Array());

export function leafHash(entry: Uint8Array): Uint8Array {
  const input = entry.length === HASH_BYTES ? leafInput : new Uint8Array(1 + entry.length);
  input[0] = LEAF;
  input.set(entry, 1);
  return sha256(input);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // A sibling of a forged proof may be short: nothing of an earlier hash stands in its place.
  nodeInput.fill(0, 1);
  nodeInput.set(left, LEFT);
  nodeInput.set(right, RIGHT);
  return sha256(nodeInput);
}

/** Where a node's hash has those of its two subtrees. */
const LEFT = 1;
const RIGHT = LEFT + HASH_BYTES;

/** Filled anew for each hash, because making them took longer than hashing. */
const leafInput = Buffer.alloc(1 + HASH_BYTES, LEAF);
const nodeInput = newNode();

function newNode(): Buffer {
  const node = Buffer.alloc(RIGHT + HASH_BYTES);
  node[0] = NODE;
  return node;
}

/** As much of a growing tree as its root needs: one hash for each bit that is set in its size. */
export interface Frontier {
  size: number;
  /**
   * What the next node of each height will be the hash of. The root of a perfect subtree stands in
   * it on the left where the size has that bit, and waits for the one beside it.
   */
  readonly nodes: Buffer[];
}

export function newFrontier(): Frontier {
  return { size: 0, nodes: [] };
}

/** A tree of so many leaves with these perfect subtrees; undefined where there cannot be so many. */
export function frontierOf(size: number, peaks: readonly Uint8Array[]): Frontier | undefined {
  const frontier: Frontier = { size, nodes: [] };
  let left = peaks.length;
  for (let rest = size; rest > 0; rest = half(rest)) {
    const node = newNode();
    frontier.nodes.push(node);
    if (rest % 2 === 0) continue;
    left -= 1;
    node.set(peaks[left] ?? [], LEFT);
  }
  return left === 0 ? frontier : undefined;
}

/** Roots of the perfect subtrees, largest first. */
export function peaksOf({ size, nodes }: Frontier): Uint8Array[] {
  const peaks: Uint8Array[] = [];
  let rest = size;
  for (const node of nodes) {
    if (rest % 2 === 1) peaks.unshift(new Uint8Array(node.subarray(LEFT, RIGHT)));
    rest = half(rest);
  }
  return peaks;
}

/** Adds a leaf; one node is hashed for each on average. */
export function appendLeaf(frontier: Frontier, leaf: Uint8Array): void {
  append(frontier, Buffer.from(leaf).toString("latin1"));
}

/** Adds the leaf of an entry that is itself a digest. */
export function appendDigest(frontier: Frontier, entry: Digest): void {
  leafInput.write(entry, 1, "hex");
  append(frontier, sha256Text(leafInput));
}

/** Hashes are texts here, each of which is written once, where it is hashed next. */
function append(frontier: Frontier, leaf: string): void {
  const { nodes } = frontier;
  let hash = leaf;
  let height = 0;
  for (let size = frontier.size; size % 2 === 1; size = half(size)) {
    const node = (nodes[height] ??= newNode());
    node.write(hash, RIGHT, "latin1");
    hash = sha256Text(node);
    height += 1;
  }
  (nodes[height] ??= newNode()).write(hash, LEFT, "latin1");
  frontier.size += 1;
}

export function frontierRoot(frontier: Frontier): Uint8Array {
  const peaks = peaksOf(frontier);
  const last = peaks.at(-1);
  if (last === undefined) return EMPTY_ROOT;
  return peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

export function rootOfLeaves(leaves: readonly Uint8Array[]): Uint8Array {
  const frontier = newFrontier();
  for (const leaf of leaves) appendLeaf(frontier, leaf);
  return frontierRoot(frontier);
}

/** Proof that leaf `index` is among `leaves` (§2.1.3.1): the siblings on its way to the root. */
export function inclusionPath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let from = 0;
  let to = leaves.length;
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push(rootOfLeaves(leaves.slice(middle, to)));
      to = middle;
    } else {
      path.push(rootOfLeaves(leaves.slice(from, middle)));
      from = middle;
    }
  }
  return path.toReversed();
}

/** The root that a leaf and its path lead to (§2.1.3.2); undefined where the path cannot be one. */
export function rootFromInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!isPlace(index, size)) return undefined;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? hash : undefined;
}

/** Proof that the tree of the first `size` of `leaves` grew into that of all (§2.1.4.1). */
export function consistencyPath(leaves: readonly Uint8Array[], size: number): Uint8Array[] {
  return size === 0 || size === leaves.length ? [] : subProof(leaves, size, true);
}

function subProof(leaves: readonly Uint8Array[], size: number, isWhole: boolean): Uint8Array[] {
  if (size === leaves.length) return isWhole ? [] : [rootOfLeaves(leaves)];
  const split = splitOf(leaves.length);
  if (size <= split) {
    const right = rootOfLeaves(leaves.slice(split));
    return [...subProof(leaves.slice(0, split), size, isWhole), right];
  }
  const left = rootOfLeaves(leaves.slice(0, split));
  return [...subProof(leaves.slice(split), size - split, false), left];
}

/** A tree as somebody signed it. */
export interface TreeState {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether `later` begins with all of `earlier` (§2.1.4.2). */
export function isConsistent(
  earlier: TreeState,
  later: TreeState,
  path: readonly Uint8Array[],
): boolean {
  if (earlier.size > later.size) return false;
  if (earlier.size === later.size) return path.length === 0 && same(earlier.root, later.root);
  if (earlier.size === 0) return path.length === 0 && same(earlier.root, EMPTY_ROOT);
  const siblings = isPowerOfTwo(earlier.size) ? [earlier.root, ...path] : path;
  const [first, ...rest] = siblings;
  if (first === undefined) return false;
  let at = earlier.size - 1;
  let last = later.size - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [before, after] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      after = nodeHash(after, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(before, earlier.root) && same(after, later.root);
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPlace(index: number, size: number): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;
}

function isPowerOfTwo(size: number): boolean {
  return splitOf(size + 1) === size;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
