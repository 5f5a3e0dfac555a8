import type { ChainHead } from "../../src/core/ledger/record-chain.ts";
import type { Digest } from "../../src/core/units.ts";
import { BatchBytes } from "../../src/stores/ledger/batch-bytes.ts";

export interface ChainedLine {
  readonly hash: Digest;
  /** With its line feed. */
  readonly line: string;
}

/** The line that the ledger's writer makes of one body. */
export function chainRecord(body: string, head: ChainHead, writer: string): ChainedLine {
  const bytes = new BatchBytes(writer);
  bytes.begin(1, body.length);
  const hash = bytes.add(body, head);
  return { hash, line: Buffer.from(bytes.written).toString() };
}
