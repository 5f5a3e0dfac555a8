/**
 * That a ledger only grew: the chains that an earlier signed head names begin those that a later one
 * names, proven without a record of either.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4
 */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { bytesOfHex, hexOf } from "../../lib/hex.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { id, type Digest } from "../units.ts";
import { MalformedRecord, object, objects, text, texts } from "./field-reader.ts";
import { isConsistent } from "./merkle-tree.ts";
import { headLine, parseHead, type ChainTree, type SignedHead } from "./tree-head.ts";

const PROOF_VERSION = 1;

export interface ConsistencyProof {
  readonly from: SignedHead;
  readonly to: SignedHead;
  /** One of each chain that `from` names. */
  readonly paths: readonly ChainPath[];
}

export interface ChainPath {
  readonly writer: string;
  readonly path: readonly Digest[];
}

/** One line of canonical JSON. */
export function consistencyLine({ from, to, paths }: ConsistencyProof): string {
  return canonicalJson({
    consistency: paths.map(({ writer, path }) => ({ path, writer })),
    from: signed(from),
    to: signed(to),
    v: PROOF_VERSION,
  });
}

function signed(head: SignedHead): unknown {
  return JSON.parse(headLine(head));
}

/** Undefined where it is no such proof of this version. */
export function parseConsistency(value: unknown): ConsistencyProof | undefined {
  if (!isJsonObject(value) || value["v"] !== PROOF_VERSION) return undefined;
  try {
    const from = parseHead(object(value, "from"));
    const to = parseHead(object(value, "to"));
    if (from === undefined || to === undefined) return undefined;
    return { from, to, paths: objects(value, "consistency", parsePath) };
  } catch (error) {
    if (error instanceof MalformedRecord) return undefined;
    throw error;
  }
}

function parsePath(from: JsonObject): ChainPath {
  return { writer: text(from, "writer"), path: texts(from, "path").map((one) => id(one)) };
}

/** What contradicts the proof; undefined where it holds. The heads' signatures are another matter. */
export function flawOfConsistency({ from, to, paths }: ConsistencyProof): string | undefined {
  for (const earlier of from.chains) {
    const { writer } = earlier;
    const later = treeIn(to, writer);
    const proven = paths.find((one) => one.writer === writer);
    if (later === undefined) return `the later head does not name the chain ${writer}`;
    if (proven === undefined) return `the proof says nothing about the chain ${writer}`;
    const siblings = proven.path.map(bytesOfHex);
    if (!isConsistent(stateOf(earlier), stateOf(later), siblings)) {
      return `the later chain ${writer} does not begin with the ${earlier.size} records that were signed`;
    }
  }
  return undefined;
}

export function treeIn({ chains }: SignedHead, writer: string): ChainTree | undefined {
  return chains.find((chain) => chain.writer === writer);
}

function stateOf({ size, root }: ChainTree) {
  return { size, root: bytesOfHex(root) };
}

/** The siblings of a path as they are written. */
export function pathText(path: readonly Uint8Array[]): readonly Digest[] {
  return path.map((sibling) => id(hexOf(sibling)));
}
