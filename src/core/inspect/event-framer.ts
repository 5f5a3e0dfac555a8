import { jsonStrings, replaceJsonStrings } from "./json-strings.ts";
import type { Frame, Span } from "./stream-gate.ts";

/** Cuts an event stream into frames at its blank lines, byte by byte if need be. */
export interface EventFramer {
  push(chunk: Uint8Array): readonly Frame[];
  /** What came after the last blank line. */
  end(): readonly Frame[];
}

const CR = 0x0d;
const LF = 0x0a;
const EMPTY = new Uint8Array(0);

/**
 * Each event is looked at by itself: the strings of its JSON, or its text. An event longer than
 * `eventBytesMax` is framed in pieces.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function createEventFramer(eventBytesMax: number): EventFramer {
  let rest: Uint8Array = EMPTY;
  /** Where the search for a blank line goes on. */
  let searched = 0;
  return {
    push(chunk) {
      const bytes = rest.length === 0 ? chunk : joined(rest, chunk);
      const frames: Frame[] = [];
      let from = 0;
      for (;;) {
        const end = eventEnd(bytes, Math.max(from, searched));
        if (end < 0) break;
        frames.push(eventFrame(bytes.subarray(from, end)));
        from = end;
        searched = end;
      }
      if (bytes.length - from > eventBytesMax) {
        frames.push(eventFrame(bytes.subarray(from)));
        from = bytes.length;
      }
      rest = from === bytes.length ? EMPTY : new Uint8Array(bytes.subarray(from));
      searched = Math.max(0, rest.length - 3);
      return frames;
    },
    end() {
      const last = rest;
      rest = EMPTY;
      return last.length === 0 ? [] : [eventFrame(last)];
    },
  };
}

/** Past the first blank line at or after `from`, or -1. A CR at the very end may be half a CRLF. */
function eventEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i + 1 < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte !== LF && byte !== CR) continue;
    const next = bytes[i + 1];
    if (byte === LF && next === LF) return i + 2;
    if (next === CR && bytes[i + 2] === LF) return i + 3;
    if (byte === CR && next === CR && i + 2 < bytes.length) return i + 2;
    if (byte === LF && next === CR && i + 2 < bytes.length) return i + 2;
  }
  return -1;
}

function eventFrame(bytes: Uint8Array): Frame {
  const text = new TextDecoder().decode(bytes);
  const lines = text.split(/\r\n|\r|\n/);
  const data = lines.filter((line) => line.startsWith("data")).map(dataOf);
  const payload = data.join("\n");
  const strings =
    payload.startsWith("{") || payload.startsWith("[") ? jsonStrings(payload) : undefined;
  if (strings === undefined) {
    return {
      bytes,
      spans: [span("event", text)],
      rewrite: (texts) => new TextEncoder().encode(texts.join("")),
    };
  }
  const spans = strings.map(({ value, start }) => span(`event:${start}`, value));
  return {
    bytes,
    spans,
    rewrite: (texts) => {
      const kept = lines.filter((line) => line !== "" && !line.startsWith("data"));
      const fresh = replaceJsonStrings(payload, strings, texts).split("\n");
      const all = [...kept, ...fresh.map((line) => `data: ${line}`)];
      return new TextEncoder().encode(`${all.join("\n")}\n\n`);
    },
  };
}

function span(part: string, text: string): Span {
  return { part, text, whole: false, last: true };
}

function dataOf(line: string): string {
  const value = line.slice(line.indexOf(":") + 1);
  return value.startsWith(" ") ? value.slice(1) : value;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
