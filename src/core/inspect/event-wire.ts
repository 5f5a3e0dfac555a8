/** How events follow each other in a body: as an event stream, or a JSON document a line. */
import { createLineFramer, replaceLineData } from "../../lib/line-frames.ts";
import {
  createSseFramer,
  replaceSseData,
  type SseFrame,
  type SseFramer,
} from "../../lib/sse-frames.ts";
import type { Charset } from "./text-codec.ts";

export interface EventWire {
  /** `eventBytesMax`: from a longer event on, the stream is not parted any more. */
  framer(eventBytesMax: number): SseFramer;
  /** The event again, with other data. */
  write(frame: SseFrame, data: string): Uint8Array;
}

export const EVENT_STREAM: EventWire = { framer: createSseFramer, write: replaceSseData };
export const LINES: EventWire = { framer: createLineFramer, write: replaceLineData };

const LINED = new Set([
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonl",
  "application/jsonlines",
  "application/x-jsonlines",
  "application/json-lines",
  "application/x-json-stream",
  "application/stream+json",
  "application/json-seq",
]);

/** Undefined: a body of this type is no row of events. Event streams are UTF-8, whatever they say. */
export function eventWireOf(media: string, charset: Charset): EventWire | undefined {
  if (media === "text/event-stream") return EVENT_STREAM;
  return charset === "utf-8" && LINED.has(media) ? LINES : undefined;
}
