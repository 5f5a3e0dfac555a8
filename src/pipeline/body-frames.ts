/** Bodies of plain HTTP answers as frames of a gate. */
import type { EventFramer } from "../core/inspect/event-framer.ts";
import type { Frame } from "../core/inspect/frame.ts";
import { jsonStrings, replaceJsonStrings } from "../core/inspect/json-strings.ts";
import type { TextCodec } from "../core/inspect/text-codec.ts";

export function createTextFramer(codec: TextCodec): EventFramer {
  return {
    push: (bytes) => textFrames(codec, codec.decode(bytes)),
    end: () => textFrames(codec, codec.flush()),
  };
}

/** Text as it comes: one running part. */
export function textFrames(
  codec: TextCodec,
  piece: ReturnType<TextCodec["decode"]>,
): readonly Frame[] {
  if (piece.bytes.length === 0) return [];
  return [
    {
      bytes: piece.bytes,
      spans: [{ part: "body", text: piece.text, whole: false, last: false }],
      rewrite: (texts) => codec.encode(texts.join("")),
    },
  ];
}

/** A whole JSON body: each string its own part; without JSON in it, one text. */
export function jsonFrame(bytes: Uint8Array): Frame {
  const text = new TextDecoder("utf-8", { ignoreBOM: false }).decode(bytes);
  const strings = jsonStrings(text);
  const encode = (out: string): Uint8Array => new TextEncoder().encode(out);
  if (strings === undefined) {
    const span = { part: "body", text, whole: true, last: true };
    return { bytes, spans: [span], rewrite: (texts) => encode(texts.join("")) };
  }
  return {
    bytes,
    spans: strings.map(({ value, start, label }) => ({
      part: `body:${start}`,
      text: value,
      label,
      whole: true,
      last: true,
    })),
    rewrite: (texts) => encode(replaceJsonStrings(text, strings, texts)),
  };
}
