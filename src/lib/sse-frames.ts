/**
 * Cuts a `text/event-stream` into frames without changing a byte: the frames' `bytes`, joined, are
 * the stream. The same frames come out however the stream was cut on its way.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
import { Buffer } from "node:buffer";
import { createPiecewise } from "./piecewise.ts";

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const BOM = Buffer.from("\uFEFF", "utf8");
/** The first line of a stream may begin with a byte order mark, here as latin1 sees it. */
const MARKED_DATA = "\u00EF\u00BB\u00BFdata";
const NOTHING = Buffer.alloc(0);
const NO_FRAMES: readonly SseFrame[] = [];

/** One event, comment or bare blank line, with the blank line that ends it. */
export interface SseFrame {
  /**
   * `event`: complete. `unfinished`: the stream ended inside it; browsers drop it, some SDKs do
   * not. `oversize`: larger than the limit; this frame and all after it are raw bytes, unread.
   */
  readonly kind: "event" | "unfinished" | "oversize";
  /** As received. May share memory with the chunk it came in. */
  readonly bytes: Buffer;
  readonly event: string | undefined;
  /** `data:` lines joined by LF. `undefined`: there is none, so clients see no event. */
  readonly data: string | undefined;
  readonly id: string | undefined;
}

export interface SseFramer {
  /** Frames that are complete now. None is ever held back for the one after it. */
  push(chunk: Uint8Array): readonly SseFrame[];
  /** What is left when the stream ends: one `unfinished` frame or nothing. */
  end(): readonly SseFrame[];
}

/** `eventBytesMax`: the largest event that is kept before the framer gives up on the stream. */
export function createSseFramer(eventBytesMax: number): SseFramer {
  const begun = createPiecewise();
  let lineStart = true;
  let sawCr = false;
  let raw = false;
  let first = true;

  function read(kind: "event" | "unfinished", bytes: Buffer): SseFrame {
    const marked = first && bytes.subarray(0, BOM.length).equals(BOM);
    first = false;
    return parseFrame(kind, bytes, marked ? BOM.length : 0);
  }

  function push(bytes: Uint8Array): readonly SseFrame[] {
    const chunk = asBuffer(bytes);
    if (chunk.length === 0) return NO_FRAMES;
    if (raw) return [rawFrame(chunk)];

    const frames: SseFrame[] = [];
    const lines = lineEnds(chunk);
    let start = 0;
    let at = sawCr && chunk[0] === LF ? 1 : 0;
    sawCr = false;
    while (at < chunk.length) {
      const end = lines.next(at);
      if (end === chunk.length) {
        lineStart = false;
        break;
      }
      const blank = lineStart && end === at;
      at = afterLine(chunk, end);
      sawCr = at === chunk.length && chunk[at - 1] === CR;
      lineStart = true;
      if (!blank) continue;
      if (begun.length() + at - start > eventBytesMax) break;
      frames.push(read("event", begun.take(chunk.subarray(start, at))));
      start = at;
    }
    if (start === chunk.length) return frames;
    const tail = chunk.subarray(start);
    if (begun.length() + tail.length > eventBytesMax) {
      raw = true;
      frames.push(rawFrame(begun.take(tail)));
    } else {
      begun.keep(tail);
    }
    return frames;
  }

  function end(): readonly SseFrame[] {
    return begun.length() === 0 ? NO_FRAMES : [read("unfinished", begun.take(NOTHING))];
  }

  return { push, end };
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function rawFrame(bytes: Buffer): SseFrame {
  return { kind: "oversize", bytes, event: undefined, data: undefined, id: undefined };
}

/** Finds line ends natively: each byte is looked at once per kind of line end. */
function lineEnds(buffer: Buffer): { next(from: number): number } {
  let lf = -1;
  let cr = -1;
  return {
    next(from) {
      if (lf < from) lf = indexOrEnd(buffer, LF, from);
      if (cr < from) cr = indexOrEnd(buffer, CR, from);
      return lf < cr ? lf : cr;
    },
  };
}

function indexOrEnd(buffer: Buffer, byte: number, from: number): number {
  const index = buffer.indexOf(byte, from);
  return index === -1 ? buffer.length : index;
}

/** LF, CR and CRLF each end one line. */
function afterLine(buffer: Buffer, end: number): number {
  return buffer[end] === CR && buffer[end + 1] === LF ? end + 2 : end + 1;
}

function parseFrame(kind: "event" | "unfinished", bytes: Buffer, from: number): SseFrame {
  let event: string | undefined;
  let data: string | undefined;
  let id: string | undefined;
  const lines = lineEnds(bytes);
  for (let at = from; at < bytes.length;) {
    const end = lines.next(at);
    const colon = colonIn(bytes, at, end);
    const value = end === at ? "" : bytes.toString("utf8", valueStart(bytes, colon, end), end);
    switch (fieldOf(bytes, at, colon)) {
      case "data":
        data = data === undefined ? value : `${data}\n${value}`;
        break;
      case "event":
        event = value;
        break;
      case "id":
        if (!value.includes("\0")) id = value;
        break;
      default: // Comments, `retry` and unknown fields mean nothing to an inspector.
    }
    at = afterLine(bytes, end);
  }
  return { kind, bytes, event, data, id };
}

/** Nearly always `data` or a blank line, which are not worth a call out of JavaScript. */
function fieldOf(bytes: Buffer, from: number, colon: number): string {
  if (colon === from) return "";
  return isData(bytes, from, colon) ? "data" : bytes.toString("latin1", from, colon);
}

function isData(bytes: Buffer, from: number, colon: number): boolean {
  return (
    colon - from === 4 &&
    bytes[from] === 0x64 &&
    bytes[from + 1] === 0x61 &&
    bytes[from + 2] === 0x74 &&
    bytes[from + 3] === 0x61
  );
}

function colonIn(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at += 1) if (bytes[at] === COLON) return at;
  return end;
}

function valueStart(bytes: Buffer, colon: number, end: number): number {
  if (colon === end) return end;
  return bytes[colon + 1] === SPACE && colon + 1 < end ? colon + 2 : colon + 1;
}

/** The same frame with other data: comments, `event`, `id` and `retry` stay where they are. */
export function replaceSseData(frame: SseFrame, data: string): Buffer {
  const { bytes } = frame;
  const lines = lineEnds(bytes);
  const parts: Buffer[] = [];
  let written = false;
  for (let at = 0; at < bytes.length;) {
    const end = lines.next(at);
    const next = afterLine(bytes, end);
    const field = bytes.toString("latin1", at, colonIn(bytes, at, end));
    if (field !== "data" && field !== MARKED_DATA) parts.push(bytes.subarray(at, next));
    else if (!written) {
      written = true;
      parts.push(Buffer.from(`data: ${data.replaceAll(/\r\n|\r|\n/g, "\ndata: ")}\n`));
    }
    at = next;
  }
  return Buffer.concat(parts);
}
