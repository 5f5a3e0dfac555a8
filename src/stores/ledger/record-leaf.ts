import { leafHash } from "../../core/ledger/merkle-tree.ts";
import type { Digest } from "../../core/units.ts";
import { bytesOfHex } from "../../lib/hex.ts";

/** A record's leaf in its chain's tree: the record's hash stands for it, so bodies need no second look. */
export function leafOf(hash: Digest): Uint8Array {
  return leafHash(bytesOfHex(hash));
}
