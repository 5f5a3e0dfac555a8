import { sha256Hex } from "../../lib/canonical-json.ts";
import { splitLine } from "../../core/ledger/record-chain.ts";
import type { Digest } from "../../core/units.ts";

const LINE_FEED = 0x0a;

/** A line of a segment whose form is right; whether its hash is, `isHashed` says. */
export interface SegmentLine {
  /** Byte in the file where the line starts, and where the next one would. */
  readonly offset: number;
  readonly end: number;
  readonly hash: Digest;
  readonly record: Uint8Array;
}

export type LineAt =
  | { readonly kind: "line"; readonly line: SegmentLine }
  /** A complete line that is not one of ours. */
  | { readonly kind: "malformed"; readonly offset: number; readonly end: number }
  /** Bytes without a line feed: a write that was cut. */
  | { readonly kind: "torn"; readonly offset: number; readonly end: number }
  /** Nothing, or only zeros: not written yet. */
  | { readonly kind: "end"; readonly offset: number; readonly zeros: number };

/** What stands at `offset`. */
export function lineAt(segment: Buffer, offset: number): LineAt {
  const feed = segment.indexOf(LINE_FEED, offset);
  if (feed === -1) {
    const written = writtenEnd(segment);
    if (written <= offset) return { kind: "end", offset, zeros: segment.length - offset };
    return { kind: "torn", offset, end: written };
  }
  const parts = splitLine(segment.subarray(offset, feed));
  if (parts === undefined) return { kind: "malformed", offset, end: feed + 1 };
  const { hash, record } = parts;
  return { kind: "line", line: { offset, end: feed + 1, hash, record } };
}

export function isHashed(line: SegmentLine): boolean {
  return sha256Hex<Digest>(line.record) === line.hash;
}

/**
 * Where a segment ends for whoever reads while it is written: the blocks of a commit that is on its
 * way may arrive in any order, and behind the first zero nothing is on the record yet.
 */
export function settledEnd(segment: Buffer): number {
  const zero = segment.indexOf(0);
  return zero === -1 ? segment.length : zero;
}

/** Whether there are zeros before its end: blocks that are on their way, or damage. */
export function hasHole(segment: Buffer): boolean {
  return settledEnd(segment) < writtenEnd(segment);
}

/** Where the trailing zeros begin. */
export function writtenEnd(segment: Uint8Array): number {
  let end = segment.length;
  while (end > 0 && segment[end - 1] === 0) end -= 1;
  return end;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The record's text; undefined where it is no UTF-8. Its bytes and this say the same. */
export function textOf(line: SegmentLine): string | undefined {
  try {
    return utf8.decode(line.record);
  } catch {
    return undefined;
  }
}

/** The record as JSON; undefined where it is none. */
export function recordOf(line: SegmentLine): unknown {
  return parsed(textOf(line));
}

export function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
