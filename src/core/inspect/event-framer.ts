import type { SseFrame } from "../../lib/sse-frames.ts";
import { EVENT_STREAM, type EventWire } from "./event-wire.ts";
import { jsonPlaces } from "./json-places.ts";
import { jsonStrings, replaceJsonStrings, type JsonString } from "./json-strings.ts";
import { RUNNING } from "./running-findings.ts";
import type { Frame, Span } from "./frame.ts";
import { createTextCodec, type Piece, type TextCodec } from "./text-codec.ts";

/** A row of events as frames of a gate. */
export interface EventFramer {
  push(chunk: Uint8Array): readonly Frame[];
  /** What came after the last blank line. */
  end(): readonly Frame[];
}

/**
 * Places whose texts go on from event to event; of one event the first so many, and of the stream
 * those that came last. What is cut into pieces over more than that is looked at in its pieces.
 */
const PLACES_MAX = 64;
/** Where an event by itself and as a piece of its stream have different things taken out. */
const BOTH_TAKEN_OUT = "[removed]";

const LF = 0x0a;

/**
 * Each event is looked at by itself, the strings of its JSON or its text, and as the next piece of
 * what stood at the same place in the events before: models stream so. From an event longer than
 * `eventBytesMax` on, the stream is one running text.
 */
export function createEventFramer(
  eventBytesMax: number,
  wire: EventWire = EVENT_STREAM,
): EventFramer {
  const framer = wire.framer(eventBytesMax);
  const codec = createTextCodec("utf-8");
  const places = new Set<string>();
  const frameOf = (frame: SseFrame): Frame =>
    frame.kind === "oversize"
      ? runningText(codec, codec.decode(frame.bytes))
      : eventFrame(frame, places, wire);
  return {
    push: (chunk) => framer.push(chunk).map(frameOf),
    end() {
      const last = framer.end().map(frameOf);
      const rest = codec.flush();
      return rest.bytes.length === 0 ? last : [...last, runningText(codec, rest)];
    },
  };
}

function eventFrame(frame: SseFrame, places: Set<string>, wire: EventWire): Frame {
  const { bytes, data } = frame;
  const strings = data !== undefined && /^[{[]/u.test(data) ? jsonStrings(data) : undefined;
  if (data === undefined || strings === undefined) return textFrame(frame, places, wire);
  const at = jsonPlaces(data, strings);
  const spans = strings.map(({ value, start, label }, i) =>
    span(at[i] ?? `event:${start}`, value, label),
  );
  const pieces = piecesOf(at, strings);
  for (const { place, text } of pieces) spans.push(goOn(place, text, places));
  spans.push(...ended(places));
  return {
    bytes,
    spans,
    rewrite(texts) {
      const values = texts.slice(0, strings.length);
      for (const [i, { of, text }] of pieces.entries()) {
        values[of] = either(text, values[of] ?? text, texts[strings.length + i] ?? text);
      }
      return wire.write(frame, replaceJsonStrings(data, strings, values));
    },
  };
}

/** A string that goes on where the event before had one; `of`: which of the event's strings. */
interface PieceOfPlace {
  readonly of: number;
  readonly place: string;
  readonly text: string;
}

function piecesOf(
  places: ReturnType<typeof jsonPlaces>,
  strings: readonly JsonString[],
): readonly PieceOfPlace[] {
  const pieces: PieceOfPlace[] = [];
  for (const [of, place] of places.entries()) {
    const { value: text = "", isName = true } = strings[of] ?? {};
    if (place === undefined || isName || text === "") continue;
    if (pieces.push({ of, place, text }) === PLACES_MAX) break;
  }
  return pieces;
}

/** The second half of a CRLF that was cut belongs to the event before, which has left. */
function textFrame(frame: SseFrame, places: Set<string>, wire: EventWire): Frame {
  const { bytes, data } = frame;
  const lead = bytes[0] === LF ? "\n" : "";
  const text = new TextDecoder().decode(bytes.subarray(lead.length));
  const spans: Span[] = text === "" ? [] : [span("event", text)];
  if (data !== undefined && data !== "") spans.push(goOn("", data, places), ...ended(places));
  return {
    bytes,
    spans,
    rewrite([own = "", piece = data]) {
      const isChanged = piece !== undefined && piece !== data;
      if (!isChanged) return new TextEncoder().encode(lead + own);
      return wire.write(frame, own === text ? piece : BOTH_TAKEN_OUT);
    },
  };
}

/** The next piece at a place. */
function goOn(place: string, text: string, places: Set<string>): Span {
  places.delete(place);
  places.add(place);
  return { part: RUNNING + place, text, whole: false, last: false, eager: true };
}

/** Ends what has not gone on for longest. */
function ended(places: Set<string>): readonly Span[] {
  const spans: Span[] = [];
  for (const place of places) {
    if (places.size <= PLACES_MAX) break;
    places.delete(place);
    spans.push({ part: RUNNING + place, text: "", whole: false, last: true, eager: true });
  }
  return spans;
}

/** One of two has something taken out of the text, or neither. */
function either(text: string, one: string, other: string): string {
  if (one === text) return other;
  return other === text || other === one ? one : BOTH_TAKEN_OUT;
}

function runningText(codec: TextCodec, { bytes, text }: Piece): Frame {
  return {
    bytes,
    spans: [{ part: "oversize", text, whole: false, last: false }],
    rewrite: (texts) => codec.encode(texts.join("")),
  };
}

function span(part: string, text: string, label = ""): Span {
  return { part, text, label, whole: false, last: true };
}
