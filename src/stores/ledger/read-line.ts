import type { Entry } from "../../core/ledger/entry.ts";
import { parseEntry } from "../../core/ledger/parse-entry.ts";
import type { Digest } from "../../core/units.ts";
import { recordOf, type SegmentLine } from "./segment-lines.ts";

/** One record: checked for its form, not for its hash, which is what `verifyLedger` is for. */
export interface ReadEntry<E extends Entry = Entry> {
  readonly entry: E;
  readonly hash: Digest;
  /** The record as written, snake_case. */
  readonly record: unknown;
}

export function readLine(line: SegmentLine): ReadEntry | undefined {
  const record = recordOf(line);
  const entry = parseEntry(record);
  return entry === undefined ? undefined : { entry, hash: line.hash, record };
}
