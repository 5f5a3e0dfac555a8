/**
 * Cuts a body of one JSON document a line into frames without changing a byte, as `sse-frames.ts`
 * does with event streams. Of a JSON text sequence (RFC 7464) the sign before each is no data.
 */
import { Buffer } from "node:buffer";
import { createPiecewise } from "./piecewise.ts";
import type { SseFrame, SseFramer } from "./sse-frames.ts";

const LF = 10;
const NOTHING = Buffer.alloc(0);
const RECORD_SEPARATOR = "\u001e";

/** `lineBytesMax`: the longest line that is kept before the framer gives up on the rest. */
export function createLineFramer(lineBytesMax: number): SseFramer {
  const begun = createPiecewise();
  let raw = false;
  return {
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (chunk.length === 0) return [];
      if (raw) return [rawFrame(chunk)];
      const frames: SseFrame[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
        if (begun.length() + end + 1 - start > lineBytesMax) break;
        frames.push(lineFrame("event", begun.take(chunk.subarray(start, end + 1))));
        start = end + 1;
      }
      const tail = chunk.subarray(start);
      raw = begun.length() + tail.length > lineBytesMax;
      if (raw) frames.push(rawFrame(begun.take(tail)));
      else if (tail.length > 0) begun.keep(tail);
      return frames;
    },
    end: () => (begun.length() === 0 ? [] : [lineFrame("unfinished", begun.take(NOTHING))]),
  };
}

/** The line again, with other data between what stood around it. */
export function replaceLineData({ bytes, data = "" }: SseFrame, left: string): Buffer {
  const line = bytes.toString("utf8");
  const start = line.indexOf(data);
  return Buffer.from(line.slice(0, start) + left + line.slice(start + data.length));
}

function lineFrame(kind: "event" | "unfinished", bytes: Buffer): SseFrame {
  const line = bytes.toString("utf8").trim();
  const data = line.startsWith(RECORD_SEPARATOR) ? line.slice(1).trim() : line;
  return { kind, bytes, event: undefined, data: data === "" ? undefined : data, id: undefined };
}

function rawFrame(bytes: Buffer): SseFrame {
  return { kind: "oversize", bytes, event: undefined, data: undefined, id: undefined };
}
