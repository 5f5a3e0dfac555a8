/** The signed heads of a ledger as evidence: which trees they vouch for, and whether to believe them. */
import { join } from "node:path";
import { headText, rootOfChains, type SignedHead } from "../../core/ledger/tree-head.ts";
import type { Digest, Instant } from "../../core/units.ts";
import type { Problem, ProblemKind, SignedTree } from "./check-chain.ts";
import { headsOfChain, readHeads, type HeadLine } from "./head-file.ts";
import { endorsedKeys } from "./endorsed-keys.ts";
import { chainsOf } from "./read-ledger.ts";
import type { PublicKey } from "./signing-key.ts";

/** Heads of one file. */
export interface HeadSource {
  /** As problems name it. */
  readonly file: string;
  readonly heads: readonly HeadLine[];
}

/** Those beside the chains, and those of files that were kept elsewhere. */
export async function collectHeads(
  directory: string,
  elsewhere: readonly string[],
): Promise<readonly HeadSource[]> {
  const sources: HeadSource[] = [];
  for (const writer of await chainsOf(directory)) {
    const heads = await headsOfChain(join(directory, writer));
    if (heads.length > 0) sources.push({ file: `${writer}/heads.jsonl`, heads });
  }
  for (const path of elsewhere) sources.push({ file: path, heads: await readHeads(path) });
  return sources;
}

/** By writer, every tree of its chain that some head names, each once. */
export function treesOf(sources: readonly HeadSource[]): ReadonlyMap<string, SignedTree[]> {
  const trees = new Map<string, SignedTree[]>();
  const seen = new Set<string>();
  for (const { file, heads } of sources) {
    for (const { line, head } of heads) {
      if (head === undefined) continue;
      for (const { writer, size, root } of head.chains) {
        const name = `${writer}:${size}:${root}`;
        if (seen.has(name)) continue;
        seen.add(name);
        const tree = { size, root, at: head.at, source: `${file} line ${line}` };
        const known = trees.get(writer);
        if (known === undefined) trees.set(writer, [tree]);
        else known.push(tree);
      }
    }
  }
  return trees;
}

/** What `verify` says of the heads themselves. */
export interface HeadsReport {
  readonly heads: number;
  /** When the last one was signed. */
  readonly latest: Instant | undefined;
  /** Whether signatures were checked: that needs a key that is trusted. */
  readonly checked: boolean;
  readonly problems: readonly Problem[];
}

/**
 * Checks every head in itself: its form, its root, and with `trusted` keys its signature. A key that
 * a trusted one endorsed, on the record, is trusted too. Without any head, a trusted key vouches
 * for nothing: whoever removed the heads may have written the chains anew.
 */
export async function checkHeads(
  directory: string,
  sources: readonly HeadSource[],
  trusted: readonly PublicKey[],
): Promise<HeadsReport> {
  const problems: Problem[] = [];
  const keys = trusted.length === 0 ? undefined : await endorsedKeys(directory, trusted);
  let count = 0;
  let latest: Instant | undefined;
  for (const { file, heads } of sources) {
    for (const { line, head } of heads) {
      count += 1;
      const fault = faultOf(head, keys);
      if (fault !== undefined) problems.push({ ...fault, file, line, seq: undefined });
      else if (head !== undefined && (latest === undefined || head.at > latest)) latest = head.at;
    }
  }
  if (keys !== undefined && count === 0) problems.push(NO_HEAD);
  return { heads: count, latest, checked: keys !== undefined, problems };
}

const NO_HEAD: Problem = {
  kind: "no_head",
  file: "heads.jsonl",
  line: 0,
  seq: undefined,
  detail: "no head is there for the key to vouch; one is signed on an interval and at the end",
};

interface HeadFault {
  readonly kind: ProblemKind;
  readonly detail: string;
}

/** What is wrong with a head in itself. `keys` undefined: signatures are not looked at. */
function faultOf(
  head: SignedHead | undefined,
  keys: ReadonlyMap<Digest, PublicKey> | undefined,
): HeadFault | undefined {
  if (head === undefined) return { kind: "bad_head", detail: "the line is not a signed head" };
  if (rootOfChains(head.chains) !== head.root) {
    return { kind: "bad_head", detail: "the head's root is not that of the chains it names" };
  }
  if (keys === undefined) return undefined;
  const key = keys.get(head.key);
  if (key === undefined) {
    return { kind: "unknown_key", detail: `signed with key ${head.key}, which nobody vouches for` };
  }
  if (key.verifies(headText(head), head.signature)) return undefined;
  return { kind: "bad_head", detail: "the signature is not of this head" };
}
