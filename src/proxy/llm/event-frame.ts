import type { Frame } from "../../core/inspect/frame.ts";
import type { JsonObject } from "../../core/json.ts";
import type { SseFrame } from "../../lib/sse-frames.ts";
import type { EventCodec } from "./event-codec.ts";
import type { TextSpan } from "./text-parts.ts";

/** One parsed event. Its bytes are those received until something in it has to change. */
export class EventFrame implements Frame {
  readonly bytes: Uint8Array;
  readonly spans: readonly TextSpan[];
  readonly #frame: SseFrame;
  readonly #json: JsonObject;
  readonly #codec: EventCodec;

  /** `bytes`: the frame's own, or what `json` was written as where it had to change already. */
  constructor(
    frame: SseFrame,
    json: JsonObject,
    spans: readonly TextSpan[],
    codec: EventCodec,
    bytes: Uint8Array = frame.bytes,
  ) {
    this.#frame = frame;
    this.#json = json;
    this.#codec = codec;
    this.spans = spans;
    this.bytes = bytes;
  }

  rewrite(texts: readonly string[]): Uint8Array {
    for (const [i, { holder, key }] of this.spans.entries()) {
      if (holder !== undefined) Object.assign(holder, { [key]: texts[i] ?? "" });
    }
    return this.#codec.write(this.#frame, this.#json);
  }
}

/** An event whose data is no JSON object: one text, looked at as it is. */
export function textFrame(frame: SseFrame, data: string, part: string, codec: EventCodec): Frame {
  return {
    bytes: frame.bytes,
    spans: [{ part, text: data, whole: true, last: true }],
    rewrite: ([text = ""]) => codec.writeText(frame, text),
  };
}
