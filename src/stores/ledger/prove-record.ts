import { join } from "node:path";
import { inclusionPath } from "../../core/ledger/merkle-tree.ts";
import type { Proving } from "../../core/ledger/ledger-evidence.ts";
import type { SignedHead } from "../../core/ledger/tree-head.ts";
import { pathText } from "../../core/ledger/consistency-proof.ts";
import type { Digest } from "../../core/units.ts";
import { chainLeaves } from "./chain-leaves.ts";
import { headsOfChain } from "./head-file.ts";
import { readLine } from "./read-line.ts";

/** A proof against the oldest head of the chain that covers the record. Reads the chain up to there. */
export async function proveRecord(
  directory: string,
  writer: string,
  seq: number,
): Promise<Proving> {
  const chain = join(directory, writer);
  const found = await coveringHead(chain, writer, seq);
  const size = found?.size ?? seq + 1;
  const leaves: Uint8Array[] = [];
  let record: { readonly text: string; readonly hash: Digest } | undefined;
  for await (const { leaf, hash, line } of chainLeaves(chain)) {
    if (leaves.length === size) break;
    if (leaves.length === seq && line !== undefined && readLine(line)?.entry.seq === seq) {
      record = { text: Buffer.from(line.record).toString("utf8"), hash };
    }
    leaves.push(leaf);
  }
  if (record === undefined) return { kind: "no_record" };
  if (found === undefined) return { kind: "not_signed_yet" };
  const path = pathText(inclusionPath(leaves, seq));
  const { text, hash } = record;
  return { kind: "proved", proof: { record: text, hash, writer, seq, path, head: found.head } };
}

async function coveringHead(
  chain: string,
  writer: string,
  seq: number,
): Promise<{ readonly head: SignedHead; readonly size: number } | undefined> {
  for (const { head } of await headsOfChain(chain)) {
    const size = head?.chains.find((one) => one.writer === writer)?.size ?? 0;
    if (head !== undefined && size > seq) return { head, size };
  }
  return undefined;
}
