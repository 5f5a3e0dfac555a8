/**
 * What a ledger was at a moment, signed: how many records each chain had, and the root of the
 * Merkle tree over them. Whoever keeps a head elsewhere sees later whether anything was changed or
 * cut off; a head and a short path prove one record without the others.
 */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { hexOf } from "../../lib/hex.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { id, instant, type Digest, type Instant } from "../units.ts";
import { MalformedRecord, number, objects, text, texts } from "./field-reader.ts";
import { leafHash, rootOfLeaves } from "./merkle-tree.ts";

const HEAD_VERSION = 1;

/** Signed before the text, so that no other document of the same key can pass for a head. */
const CONTEXT = "sallyport tree head v1\n";

/** Chains that one head can name. */
export const HEAD_CHAINS_MAX = 1_024;

/** One chain's tree: record `seq` is leaf `seq`, and a leaf's entry is the record's 32-byte hash. */
export interface ChainTree {
  readonly writer: string;
  /** How many records. */
  readonly size: number;
  readonly root: Digest;
}

export interface TreeHead {
  readonly at: Instant;
  /** Whose chain is as long as the head says; the others are at least as long. */
  readonly writer: string;
  /** Identifier of the signing key: SHA-256 of its SPKI form. */
  readonly key: Digest;
  /** In the order of their writers. */
  readonly chains: readonly ChainTree[];
  /** Of the tree over `chains`: a leaf's entry is the chain's canonical JSON. */
  readonly root: Digest;
  /** The writer's own subtree roots, largest first: a restart goes on from them. */
  readonly peaks: readonly Digest[];
}

export interface SignedHead extends TreeHead {
  /** Ed25519 over `headText`, base64. */
  readonly signature: string;
}

export function rootOfChains(chains: readonly ChainTree[]): Digest {
  const leaves = chains.map(({ writer, size, root }) =>
    leafHash(utf8.encode(canonicalJson({ root, size, writer }))),
  );
  return id(hexOf(rootOfLeaves(leaves)));
}

const utf8 = new TextEncoder();

/** The text that is signed. */
export function headText(head: TreeHead): string {
  return CONTEXT + canonicalJson(recordOfHead(head));
}

/** A head as it is written and sent: one line of canonical JSON. */
export function headLine(head: SignedHead): string {
  return canonicalJson({ ...recordOfHead(head), signature: head.signature });
}

function recordOfHead({ at, writer, key, chains, root, peaks }: TreeHead): object {
  return {
    at,
    chains: chains.map((chain) => ({ root: chain.root, size: chain.size, writer: chain.writer })),
    key,
    peaks,
    root,
    v: HEAD_VERSION,
    writer,
  };
}

/** Undefined where it is no head of this version. Says nothing about its signature. */
export function parseHead(value: unknown): SignedHead | undefined {
  if (!isJsonObject(value) || value["v"] !== HEAD_VERSION) return undefined;
  try {
    return {
      at: instant(number(value, "at")),
      writer: text(value, "writer"),
      key: digest(value, "key"),
      chains: objects(value, "chains", parseChain),
      root: digest(value, "root"),
      peaks: texts(value, "peaks").map(asDigest),
      signature: text(value, "signature"),
    };
  } catch (error) {
    if (error instanceof MalformedRecord || error instanceof RangeError) return undefined;
    throw error;
  }
}

function parseChain(from: JsonObject): ChainTree {
  return { writer: text(from, "writer"), size: number(from, "size"), root: digest(from, "root") };
}

function digest(from: JsonObject, key: string): Digest {
  return asDigest(text(from, key));
}

function asDigest(value: string): Digest {
  if (!HEX.test(value)) throw new MalformedRecord("digest");
  return id(value);
}

const HEX = /^[0-9a-f]{64}$/u;
