import { join } from "node:path";
import {
  appendDigest,
  frontierOf,
  frontierRoot,
  newFrontier,
  peaksOf,
  type Frontier,
} from "../../core/ledger/merkle-tree.ts";
import {
  HEAD_CHAINS_MAX,
  headLine,
  headText,
  rootOfChains,
  type ChainTree,
  type TreeHead,
} from "../../core/ledger/tree-head.ts";
import { id, type Digest, type Instant } from "../../core/units.ts";
import { bytesOfHex, hexOf } from "../../lib/hex.ts";
import { appendHead, headsOfChain } from "./head-file.ts";
import { chainsOf, hashesOf } from "./read-ledger.ts";
import type { SigningKey } from "./signing-key.ts";

export interface HeadOptions {
  readonly key: SigningKey;
  /** Where it was read from. */
  readonly keyPath: string;
  /** Between two heads, while there is something new, in milliseconds. */
  readonly every: number;
  /** Sends a head away from this machine. Must not throw or wait. */
  readonly publish: (line: string) => void;
  /** A last try to send what still waits. */
  readonly settle: () => Promise<void>;
}

export interface HeadWriterOptions extends HeadOptions {
  /** The ledger's. */
  readonly directory: string;
  readonly now: () => Instant;
  /** A head could not be written; the next one says the same and more. */
  readonly failed: (cause: unknown) => void;
}

/** Of the interval, for a chain's first head: until then no key vouches for anything in it. */
const FIRST_PART = 1 / 60;

interface GrowingTree {
  readonly writer: string;
  frontier: Frontier;
  /** Hashes that came while older ones are still being read; undefined once all are in. */
  behind: Digest[] | undefined;
  signedSize: number;
}

/**
 * Grows the Merkle tree of one chain as its records become durable, and signs its root on an
 * interval and at the end. Beside the exchanges: nobody waits for a head.
 */
export class HeadWriter {
  readonly #options: HeadWriterOptions;
  readonly #timer: NodeJS.Timeout;
  #first: NodeJS.Timeout | undefined;
  #tree: GrowingTree | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: HeadWriterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.sign(), options.every).unref();
  }

  /** Records `from`, `from` + 1, … of a chain are on the disk. */
  accepted(writer: string, from: number, hashes: readonly Digest[]): void {
    const tree = this.#tree?.writer === writer ? this.#tree : this.#begin(writer, from);
    if (tree.behind !== undefined) tree.behind.push(...hashes);
    else for (const hash of hashes) appendDigest(tree.frontier, hash);
  }

  /** Signs what is new. Never rejects. */
  sign(): Promise<void> {
    this.#working = this.#working.then(() => this.#sign()).catch(this.#options.failed);
    return this.#working;
  }

  /** The last head. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#first);
    await this.sign();
    await this.#options.settle();
  }

  #begin(writer: string, from: number): GrowingTree {
    const behind = from === 0 ? undefined : [];
    const tree = { writer, frontier: newFrontier(), behind, signedSize: 0 };
    this.#tree = tree;
    if (from === 0) {
      const soon = this.#options.every * FIRST_PART;
      this.#first ??= setTimeout(() => void this.sign(), soon).unref();
    } else {
      this.#working = this.#working.then(() => this.#catchUp(tree, from));
      this.#working = this.#working.catch(this.#options.failed);
    }
    return tree;
  }

  /** Goes on from the chain's last head, or from its first record. */
  async #catchUp(tree: GrowingTree, upTo: number): Promise<void> {
    const chain = join(this.#options.directory, tree.writer);
    const { writer } = tree;
    const last = (await headsOfChain(chain)).findLast(({ head }) => head?.writer === writer)?.head;
    const size = last?.chains.find((one) => one.writer === writer)?.size ?? 0;
    const signed = last && frontierOf(size, last.peaks.map(bytesOfHex));
    if (signed !== undefined && size <= upTo) {
      tree.frontier = signed;
      tree.signedSize = last?.key === this.#options.key.id ? size : 0;
    }
    const { frontier } = tree;
    for await (const hash of hashesOf(chain, frontier.size, upTo)) appendDigest(frontier, hash);
    if (frontier.size !== upTo) throw new Error(`${writer} has fewer records than it should`);
    for (const hash of tree.behind ?? []) appendDigest(frontier, hash);
    tree.behind = undefined;
  }

  async #sign(): Promise<void> {
    const { directory, key, now, publish } = this.#options;
    const tree = this.#tree;
    if (tree === undefined || tree.behind !== undefined) return;
    const { writer, frontier } = tree;
    const { size } = frontier;
    if (size === tree.signedSize) return;
    const own = { writer, size, root: digestOf(frontierRoot(frontier)) };
    const peaks = peaksOf(frontier).map(digestOf);
    const chains = [...(await otherTrees(directory, writer)), own].toSorted(byWriter);
    const root = rootOfChains(chains);
    const head: TreeHead = { at: now(), writer, key: key.id, chains, root, peaks };
    const line = headLine({ ...head, signature: key.sign(headText(head)) });
    await appendHead(join(directory, writer), line);
    tree.signedSize = size;
    publish(line);
  }
}

/** The other chains as their own writers last signed them. */
async function otherTrees(directory: string, writer: string): Promise<ChainTree[]> {
  const others = (await chainsOf(directory)).filter((other) => other !== writer);
  const trees: ChainTree[] = [];
  for (const other of others.slice(1 - HEAD_CHAINS_MAX)) {
    const heads = await headsOfChain(join(directory, other));
    const last = heads.findLast(({ head }) => head?.writer === other)?.head;
    const tree = last?.chains.find((one) => one.writer === other);
    if (tree !== undefined) trees.push(tree);
  }
  return trees;
}

function digestOf(bytes: Uint8Array): Digest {
  return id(hexOf(bytes));
}

function byWriter(a: ChainTree, b: ChainTree): number {
  return a.writer < b.writer ? -1 : 1;
}
