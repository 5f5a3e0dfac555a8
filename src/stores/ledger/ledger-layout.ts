/**
 * Where the ledger lies: `<data>/ledger/<writer>/00000001.jsonl`, one directory and one chain per
 * writer, segments without gaps, one record a line.
 */
import { join } from "node:path";

/** A segment is closed by the first batch that passes this size; a start reads one segment. */
export const SEGMENT_BYTES = 8 * 1024 * 1024;

/** Zeros written ahead of the first records, so that a commit changes no file size. */
export const AHEAD_BYTES = 256 * 1024;

/** What files are written in: a page of the cache, and of most file systems and disks. */
export const BLOCK_BYTES = 4096;

/** The bytes of all blocks that so many bytes need. */
export function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Records of one commit. Also how much an untold end of a segment may be worth after a crash. */
export const BATCH_BYTES_MAX = 1024 * 1024;

/** Anything larger was not written by us and is not read into memory. */
export const SEGMENT_BYTES_MAX = 4 * SEGMENT_BYTES;

export const LOCK_FILE = "lock";

const SEGMENT_NAME = /^(\d{8})\.jsonl$/u;
const NUMBER_DIGITS = 8;

export function ledgerDirectory(dataDirectory: string): string {
  return join(dataDirectory, "ledger");
}

export function segmentName(number: number): string {
  return `${String(number).padStart(NUMBER_DIGITS, "0")}.jsonl`;
}

/** The numbers of the segments among the names of a directory, ascending. */
export function segmentNumbers(names: readonly string[]): number[] {
  const numbers: number[] = [];
  for (const name of names) {
    const digits = SEGMENT_NAME.exec(name)?.[1];
    if (digits !== undefined) numbers.push(Number(digits));
  }
  return numbers.toSorted((a, b) => a - b);
}
