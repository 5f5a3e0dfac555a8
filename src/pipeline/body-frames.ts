/** Bodies of plain HTTP answers as frames of a gate. */
import type { EventFramer } from "../core/inspect/event-framer.ts";
import type { Frame, Span } from "../core/inspect/frame.ts";
import { jsonPlaces } from "../core/inspect/json-places.ts";
import { jsonStrings, replaceJsonStrings, type JsonString } from "../core/inspect/json-strings.ts";
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

/** Asks where it stands only once somebody wants to know: most texts are clear at a glance. */
class JsonSpan implements Span {
  readonly text: string;
  readonly label: string;
  readonly whole = true;
  readonly last = true;
  readonly #start: number;
  readonly #index: number;
  readonly #places: () => ReturnType<typeof jsonPlaces>;

  constructor(
    { value, label, start }: JsonString,
    index: number,
    places: () => ReturnType<typeof jsonPlaces>,
  ) {
    this.text = value;
    this.label = label;
    this.#start = start;
    this.#index = index;
    this.#places = places;
  }

  get part(): string {
    return this.#places()[this.#index] ?? `body:${this.#start}`;
  }
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
  let known: ReturnType<typeof jsonPlaces> | undefined;
  const places = (): ReturnType<typeof jsonPlaces> => (known ??= jsonPlaces(text, strings));
  return {
    bytes,
    spans: strings.map((one, i) => new JsonSpan(one, i, places)),
    rewrite: (texts) => encode(replaceJsonStrings(text, strings, texts)),
  };
}
