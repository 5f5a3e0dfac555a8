import type { JsonObject } from "../../core/json.ts";
import { createSseFramer, type SseFrame, type SseFramer } from "../../lib/sse-frames.ts";
import { sseEvent } from "./sse-event.ts";

/** How one kind of event stream is cut into events, and how an event is written again. */
export interface EventCodec {
  /** The media type of the stream. */
  readonly type: RegExp;
  /** What ends an event that was left unfinished, so that another can follow. */
  readonly end: Uint8Array;
  framer(eventBytesMax: number): SseFramer;
  /** The frame's event with other content. */
  write(frame: SseFrame, json: JsonObject): Uint8Array;
  /** The same for an event whose data is no JSON object. */
  writeText(frame: SseFrame, text: string): Uint8Array;
}

const encoder = new TextEncoder();

export const sseCodec: EventCodec = {
  type: /^text\/event-stream\s*(?:;|$)/i,
  end: encoder.encode("\n\n"),
  framer: createSseFramer,
  write: ({ event, id }, json) => sseEvent(event, json, id),
  writeText({ event }, text) {
    const lines = text.split("\n").map((line) => `data: ${line}\n`);
    return encoder.encode(`${event === undefined ? "" : `event: ${event}\n`}${lines.join("")}\n`);
  },
};
