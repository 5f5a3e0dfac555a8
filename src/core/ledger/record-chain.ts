import { id, type Digest } from "../units.ts";

/** `prev` of a chain's first record. */
export const GENESIS: Digest = id("0".repeat(64));

/** The format of what a record says; raised when a reader must know the difference. */
const RECORD_VERSION = 1;

/** Where a chain stands: the next record gets `seq` and points back to `prev`. */
export interface ChainHead {
  readonly seq: number;
  readonly prev: Digest;
}

/** What stands behind a record's body and makes it one of a chain. */
export function linkText({ prev, seq }: ChainHead, writer: string): string {
  return `,"prev":"${prev}","seq":${seq},"v":${RECORD_VERSION},"writer":"${writer}"}`;
}

/** A line: the record's hash, then the record. */
export const LINE_OPEN = '{"hash":"';
export const LINE_MIDDLE = '","record":';
export const LINE_CLOSE = "}";
export const HASH_CHARS = 64;
const RECORD_START = LINE_OPEN.length + HASH_CHARS + LINE_MIDDLE.length;

export interface LineParts {
  readonly hash: Digest;
  readonly record: Uint8Array;
}

/** Takes a line (without its line feed) apart; undefined where it does not have the form. */
export function splitLine(line: Uint8Array): LineParts | undefined {
  if (line.length <= RECORD_START + LINE_CLOSE.length) return undefined;
  const head = ascii(line.subarray(0, RECORD_START));
  const hash = head.slice(LINE_OPEN.length, LINE_OPEN.length + HASH_CHARS);
  if (head !== `${LINE_OPEN}${hash}${LINE_MIDDLE}` || !HEX.test(hash)) return undefined;
  if (line.at(-1) !== CLOSING_BRACE) return undefined;
  return { hash: id(hash), record: line.subarray(RECORD_START, -1) };
}

const HEX = /^[0-9a-f]{64}$/u;
const CLOSING_BRACE = 0x7d;
const utf8 = new TextDecoder();

function ascii(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
