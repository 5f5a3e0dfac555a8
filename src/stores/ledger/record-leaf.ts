import { leafHash } from "../../core/ledger/merkle-tree.ts";
import type { Digest } from "../../core/units.ts";

/** Filled anew for each record: every digest fills it. */
const entry = Buffer.alloc(32);

/** A record's leaf in its chain's tree: the record's hash stands for it, so bodies need no second look. */
export function leafOf(hash: Digest): Uint8Array {
  entry.write(hash, "hex");
  return leafHash(entry);
}
