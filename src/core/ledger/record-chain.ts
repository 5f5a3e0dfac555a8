import { sha256Hex } from "../../lib/canonical-json.ts";
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

export interface ChainedLine {
  readonly hash: Digest;
  /** With its line feed. */
  readonly line: string;
}

/**
 * Puts a record at the end of a chain. `body` is its canonical JSON without the closing brace; all
 * its keys sort before `prev`, so the whole is canonical by construction. The hash covers the
 * record's bytes as they stand in the line: verifying never serialises anything again.
 */
export function chainRecord(body: string, head: ChainHead, writer: string): ChainedLine {
  const { prev, seq } = head;
  const link = `"prev":"${prev}","seq":${seq},"v":${RECORD_VERSION},"writer":"${writer}"}`;
  const record = `${body},${link}`;
  const hash = sha256Hex<Digest>(record);
  return { hash, line: `${LINE_OPEN}${hash}${LINE_MIDDLE}${record}${LINE_CLOSE}\n` };
}

const LINE_OPEN = '{"hash":"';
const LINE_MIDDLE = '","record":';
const LINE_CLOSE = "}";
const HASH_CHARS = 64;
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
