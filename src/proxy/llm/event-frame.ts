import type { Frame } from "../../core/inspect/stream-gate.ts";
import type { JsonObject } from "../../core/json.ts";
import type { SseFrame } from "../sse-frames.ts";
import { sseEvent } from "./sse-event.ts";
import type { TextSpan } from "./text-parts.ts";

/** One parsed event. Its bytes are those received until something in it has to change. */
export class EventFrame implements Frame {
  readonly bytes: Uint8Array;
  readonly spans: readonly TextSpan[];
  readonly #event: string | undefined;
  readonly #id: string | undefined;
  readonly #json: JsonObject;

  constructor(frame: SseFrame, json: JsonObject, spans: readonly TextSpan[], changed: boolean) {
    this.#event = frame.event;
    this.#id = frame.id;
    this.#json = json;
    this.spans = spans;
    this.bytes = changed ? sseEvent(frame.event, json, frame.id) : frame.bytes;
  }

  rewrite(texts: readonly string[]): Uint8Array {
    for (const [i, { holder, key }] of this.spans.entries()) {
      if (holder !== undefined) Object.assign(holder, { [key]: texts[i] ?? "" });
    }
    return sseEvent(this.#event, this.#json, this.#id);
  }
}

const encoder = new TextEncoder();

/** An event whose data is no JSON object: one text, looked at as it is. */
export function textFrame(frame: SseFrame, data: string, part: string): Frame {
  const { bytes, event } = frame;
  return {
    bytes,
    spans: [{ part, text: data, whole: true, last: true }],
    rewrite([text = ""]) {
      const lines = text.split("\n").map((line) => `data: ${line}\n`);
      return encoder.encode(`${event === undefined ? "" : `event: ${event}\n`}${lines.join("")}\n`);
    },
  };
}
