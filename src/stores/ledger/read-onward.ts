/** A chain read a piece at a time, from where the last piece ended. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "../../core/ledger/entry.ts";
import type { Digest } from "../../core/units.ts";
import { SEGMENT_BYTES_MAX, segmentName } from "./ledger-layout.ts";
import { linesOf, segmentsOf } from "./read-ledger.ts";
import { readLine } from "./read-line.ts";
import { settledEnd } from "./segment-lines.ts";

/** Read at once; more only where one record is longer. */
const WINDOW_BYTES = 256 * 1024;
const WINDOW_GROWTH = 4;

/** Where the next line of a chain stands. */
export interface ChainPosition {
  /** Of the segment; its first is 1, unless the beginning was removed. */
  readonly number: number;
  readonly offset: number;
}

export const CHAIN_START: ChainPosition = { number: 1, offset: 0 };

export interface ReadRecord {
  readonly entry: Entry;
  readonly hash: Digest;
  /** Canonical JSON as it was written. */
  readonly text: string;
}

export interface Onward {
  /** None: nothing more was written by now. */
  readonly records: readonly ReadRecord[];
  readonly position: ChainPosition;
}

/** The next records of one chain, as many as one window holds. */
export async function readOnward(
  directory: string,
  writer: string,
  from: ChainPosition,
): Promise<Onward> {
  const chain = join(directory, writer);
  // Named before they are read: a segment that has a successor by now is complete.
  const numbers = await segmentsOf(chain);
  let position = from;
  for (const number of numbers) {
    if (number < from.number) continue;
    const offset = number === from.number ? from.offset : 0;
    const isGrowing = number === numbers.at(-1);
    const path = join(chain, segmentName(number));
    const onward = await readWindow(path, { number, offset }, isGrowing);
    position = onward.position;
    if (onward.records.length > 0) return onward;
  }
  return { records: [], position };
}

async function readWindow(
  path: string,
  { number, offset }: ChainPosition,
  isGrowing: boolean,
): Promise<Onward> {
  const file = await open(path);
  try {
    for (let size = WINDOW_BYTES; ; size = Math.min(size * WINDOW_GROWTH, SEGMENT_BYTES_MAX)) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(size), 0, size, offset);
      const read = buffer.subarray(0, bytesRead);
      const window = isGrowing ? read.subarray(0, settledEnd(read)) : read;
      // All whole lines, also those that are none of ours.
      const end = window.lastIndexOf("\n") + 1;
      const records: ReadRecord[] = [];
      for (const line of linesOf(window.subarray(0, end), 0)) {
        const known = readLine(line);
        if (known === undefined) continue;
        const text = Buffer.from(line.record).toString("utf8");
        records.push({ entry: known.entry, hash: known.hash, text });
      }
      const isTooSmall = end === 0 && window.length === size && window.at(-1) !== 0;
      if (!isTooSmall || size === SEGMENT_BYTES_MAX) {
        return { records, position: { number, offset: offset + end } };
      }
    }
  } finally {
    await file.close();
  }
}
