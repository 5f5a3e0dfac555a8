import { join } from "node:path";
import { flawOfConsistency, pathText, treeIn } from "../../core/ledger/consistency-proof.ts";
import type { ChainPath } from "../../core/ledger/consistency-proof.ts";
import type { Consistency } from "../../core/ledger/ledger-evidence.ts";
import { consistencyPath } from "../../core/ledger/merkle-tree.ts";
import type { SignedHead } from "../../core/ledger/tree-head.ts";
import { chainLeaves } from "./chain-leaves.ts";
import { lastHeads } from "./head-file.ts";

/** That the ledger as it was last signed begins with what `from` says of it. Reads its chains whole. */
export async function proveConsistency(directory: string, from: SignedHead): Promise<Consistency> {
  const to = await laterHead(directory, from);
  if (to === undefined) return { kind: "no_later_head" };
  const paths: ChainPath[] = [];
  for (const { writer, size } of from.chains) {
    const leaves = await leavesUpTo(join(directory, writer), treeIn(to, writer)?.size ?? 0);
    paths.push({ writer, path: pathText(consistencyPath(leaves, size)) });
  }
  const proof = { from, to, paths };
  const flaw = flawOfConsistency(proof);
  return flaw === undefined ? { kind: "consistent", proof } : { kind: "inconsistent", flaw };
}

/** The newest head that names every chain of `from`, each at least as long. */
async function laterHead(directory: string, from: SignedHead): Promise<SignedHead | undefined> {
  const heads = await lastHeads(directory);
  return heads
    .filter((head) =>
      from.chains.every((tree) => (treeIn(head, tree.writer)?.size ?? -1) >= tree.size),
    )
    .toSorted((a, b) => b.at - a.at)[0];
}

async function leavesUpTo(chain: string, size: number): Promise<readonly Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for await (const { leaf } of chainLeaves(chain)) {
    if (leaves.length === size) break;
    leaves.push(leaf);
  }
  return leaves;
}
