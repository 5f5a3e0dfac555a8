import type { Digest } from "../../core/units.ts";
import { leafOf } from "./record-leaf.ts";
import { linesOf, readSegment, segmentsOf } from "./read-ledger.ts";
import type { SegmentLine } from "./segment-lines.ts";
import { tombstonesOf } from "./tombstone.ts";

export interface ChainLeaf {
  readonly leaf: Uint8Array;
  readonly hash: Digest;
  /** Undefined where retention removed the record and kept its hash. */
  readonly line: SegmentLine | undefined;
}

/** The leaves of a chain's tree in order, those of removed records among them. */
export async function* chainLeaves(chain: string): AsyncGenerator<ChainLeaf> {
  for (const { hashes } of await tombstonesOf(chain)) {
    for (const hash of hashes) yield { leaf: leafOf(hash), hash, line: undefined };
  }
  for (const number of await segmentsOf(chain)) {
    for (const line of linesOf(await readSegment(chain, number), 0)) {
      yield { leaf: leafOf(line.hash), hash: line.hash, line };
    }
  }
}
