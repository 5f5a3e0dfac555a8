/** That one record stands where it says in a ledger somebody signed, proven without the others. */
import { canonicalJson, sha256Hex } from "../../lib/canonical-json.ts";
import { bytesOfHex, hexOf } from "../../lib/hex.ts";
import { isJsonObject } from "../json.ts";
import { id, type Digest } from "../units.ts";
import { MalformedRecord, number, object, text, texts } from "./field-reader.ts";
import { leafHash, rootFromInclusion } from "./merkle-tree.ts";
import { headLine, parseHead, type SignedHead } from "./tree-head.ts";

const PROOF_VERSION = 1;

export interface RecordProof {
  /** The record's bytes as they stand in the ledger. */
  readonly record: string;
  readonly hash: Digest;
  readonly writer: string;
  /** The record's place in its writer's chain, counted from 0. */
  readonly seq: number;
  /** Siblings from the leaf to the root (RFC 9162 §2.1.3). */
  readonly path: readonly Digest[];
  readonly head: SignedHead;
}

/** One line of canonical JSON. */
export function proofLine({ record, hash, writer, seq, path, head }: RecordProof): string {
  const signed: unknown = JSON.parse(headLine(head));
  return canonicalJson({ hash, head: signed, path, record, seq, v: PROOF_VERSION, writer });
}

/** Undefined where it is no proof of this version. */
export function parseProof(value: unknown): RecordProof | undefined {
  if (!isJsonObject(value) || value["v"] !== PROOF_VERSION) return undefined;
  try {
    const head = parseHead(object(value, "head"));
    if (head === undefined) return undefined;
    return {
      record: text(value, "record"),
      hash: id(text(value, "hash")),
      writer: text(value, "writer"),
      seq: number(value, "seq"),
      path: texts(value, "path").map((sibling) => id<Digest>(sibling)),
      head,
    };
  } catch (error) {
    if (error instanceof MalformedRecord) return undefined;
    throw error;
  }
}

/** What contradicts the proof; undefined where it holds. The head's signature is another matter. */
export function flawOf({ record, hash, writer, seq, path, head }: RecordProof): string | undefined {
  if (sha256Hex(record) !== hash) return "the record does not have the hash that is proven";
  const place = placeOf(record);
  if (place?.writer !== writer || place.seq !== seq) {
    return "the record says that it stands somewhere else";
  }
  const tree = head.chains.find((chain) => chain.writer === writer);
  if (tree === undefined) return "the signed head does not name the record's chain";
  const siblings = path.map(bytesOfHex);
  const root = rootFromInclusion(leafHash(bytesOfHex(hash)), seq, tree.size, siblings);
  if (root !== undefined && hexOf(root) === tree.root) return undefined;
  return "the path does not lead from the record to the signed root";
}

function placeOf(record: string): { readonly writer: string; readonly seq: number } | undefined {
  try {
    const read: unknown = JSON.parse(record);
    return isJsonObject(read)
      ? { writer: text(read, "writer"), seq: number(read, "seq") }
      : undefined;
  } catch {
    return undefined;
  }
}
