import { createSseFramer, replaceSseData, type SseFrame } from "../../lib/sse-frames.ts";
import { jsonStrings, replaceJsonStrings } from "./json-strings.ts";
import type { Frame, Span } from "./stream-gate.ts";
import { createTextCodec, type Piece, type TextCodec } from "./text-codec.ts";

/** An event stream as frames of a gate. */
export interface EventFramer {
  push(chunk: Uint8Array): readonly Frame[];
  /** What came after the last blank line. */
  end(): readonly Frame[];
}

const LF = 0x0a;

/**
 * Each event is looked at by itself: the strings of its JSON, or its text. From an event longer
 * than `eventBytesMax` on, the stream is one running text.
 */
export function createEventFramer(eventBytesMax: number): EventFramer {
  const framer = createSseFramer(eventBytesMax);
  const codec = createTextCodec("utf-8");
  const frameOf = (frame: SseFrame): Frame =>
    frame.kind === "oversize" ? runningText(codec, codec.decode(frame.bytes)) : eventFrame(frame);
  return {
    push: (chunk) => framer.push(chunk).map(frameOf),
    end() {
      const last = framer.end().map(frameOf);
      const rest = codec.flush();
      return rest.bytes.length === 0 ? last : [...last, runningText(codec, rest)];
    },
  };
}

function eventFrame(frame: SseFrame): Frame {
  const { bytes, data } = frame;
  const strings = data !== undefined && /^[{[]/u.test(data) ? jsonStrings(data) : undefined;
  if (data === undefined || strings === undefined) return textFrame(bytes);
  return {
    bytes,
    spans: strings.map(({ value, start }) => span(`event:${start}`, value)),
    rewrite: (texts) => replaceSseData(frame, replaceJsonStrings(data, strings, texts)),
  };
}

/** The second half of a CRLF that was cut belongs to the event before, which has left. */
function textFrame(bytes: Uint8Array): Frame {
  const lead = bytes[0] === LF ? "\n" : "";
  const text = new TextDecoder().decode(bytes.subarray(lead.length));
  return {
    bytes,
    spans: text === "" ? [] : [span("event", text)],
    rewrite: (texts) => new TextEncoder().encode(lead + texts.join("")),
  };
}

function runningText(codec: TextCodec, { bytes, text }: Piece): Frame {
  return {
    bytes,
    spans: [{ part: "oversize", text, whole: false, last: false }],
    rewrite: (texts) => codec.encode(texts.join("")),
  };
}

function span(part: string, text: string): Span {
  return { part, text, whole: false, last: true };
}
