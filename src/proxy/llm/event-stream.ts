/**
 * A streamed answer, event by event: each is parsed once, its text goes through the gate, and the
 * bytes that leave are those that came unless something had to be taken out.
 */
import { NOT_ALL_SEEN, type NotAllSeen } from "../../core/inspect/not-all-seen.ts";
import type { Finding } from "../../core/inspect/finding.ts";
import { answerRefusal } from "../../core/inspect/block-refusal.ts";
import type { Frame } from "../../core/inspect/frame.ts";
import {
  createStreamGate,
  type GateVerdict,
  type StreamGate,
} from "../../core/inspect/stream-gate.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { UsageReader } from "../../core/money/usage-reader.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { ExchangeId } from "../../core/units.ts";
import { unmarkedText } from "../../lib/byte-order-mark.ts";
import { parseStrictJsonText } from "../../lib/strict-json.ts";
import type { CallMeter } from "../../pipeline/call-meter.ts";
import type { ChunkVerdict } from "../../pipeline/ask.ts";
import type { SseFrame, SseFramer } from "../../lib/sse-frames.ts";
import { unscannableRefusal } from "./unscannable-refusal.ts";
import type { EventCodec } from "./event-codec.ts";
import { EventFrame, textFrame } from "./event-frame.ts";
import type { EventReader } from "./event-reader.ts";
import { mayEcho, scanEvent, type Search } from "./scan-answer.ts";
import { TextParts } from "./text-parts.ts";

/** One token an event, this is more than a tool call's arguments ever take. */
const HELD_FRAMES_MAX = 65_536;
const DONE = "[DONE]";

export interface EventStreamOptions {
  readonly exchange: ExchangeId;
  readonly search: Search;
  readonly reader: EventReader;
  readonly codec: EventCodec;
  readonly usage: UsageReader | undefined;
  /** The usage chunk was forced on and the client did not ask for it. */
  readonly hidesUsage: boolean;
  /** Undefined where no money is held by the token. */
  readonly meter: CallMeter | undefined;
  /** The same refusal in the words that policy has for this agent. */
  readonly told: (refusal: Refusal) => Refusal;
  readonly heldBytesMax: number;
  /** What cannot be read is let through, and the record says so. */
  readonly passesUnscannable: boolean;
}

/** Why a stream stops; undefined while it goes on. */
type Stop = Refusal | undefined;

export class EventStream {
  /** Some of it left without a look. */
  unread = false;
  /** Why text that was read was not all looked at. */
  unseen: NotAllSeen | undefined;
  readonly parts = new TextParts();
  readonly #options: EventStreamOptions;
  readonly #framer: SseFramer;
  readonly #gate: StreamGate;
  readonly #wholeFindings: Finding[] = [];
  #fileUnits = 0;
  #done = false;
  /** Bytes that belong to no whole event went out last. */
  #midEvent = false;

  constructor(options: EventStreamOptions) {
    const { search, codec, heldBytesMax, passesUnscannable } = options;
    this.#options = options;
    this.#framer = codec.framer(heldBytesMax);
    this.#gate = createStreamGate(search.inspection, search.echoes, {
      bytesMax: heldBytesMax,
      framesMax: HELD_FRAMES_MAX,
      overflow: passesUnscannable ? "release" : "block",
    });
  }

  get findings(): readonly Finding[] {
    return [...this.#wholeFindings, ...this.#gate.findings];
  }

  /** Of files in it that nobody reads: in members beside its texts, and in these. */
  get fileUnits(): number {
    return this.#fileUnits + this.#gate.fileUnits;
  }

  /** The provider's last word has come: its counts are the bill. */
  get finished(): boolean {
    return this.#done || this.#options.reader.finished;
  }

  chunk(bytes: Uint8Array): ChunkVerdict {
    const out: Uint8Array[] = [];
    for (const frame of this.#framer.push(bytes)) {
      const stop = this.#judge(frame, out);
      if (stop !== undefined) return this.#cut(stop, out);
    }
    return { kind: "emit", chunks: out };
  }

  end(): ChunkVerdict {
    const out: Uint8Array[] = [];
    for (const frame of this.#framer.end()) {
      const stop = this.#judge(frame, out);
      if (stop !== undefined) return this.#cut(stop, out);
    }
    const stop = this.#obey(this.#gate.end(), out);
    return stop === undefined ? { kind: "emit", chunks: out } : this.#cut(stop, out);
  }

  farewell(refusal: Refusal): Uint8Array {
    const { reader, exchange, codec, told } = this.#options;
    const last = reader.farewell(told(refusal), exchange);
    return this.#midEvent ? Buffer.concat([codec.end, last]) : last;
  }

  #judge(frame: SseFrame, out: Uint8Array[]): Stop {
    const { data } = frame;
    if (frame.kind === "oversize") return this.#unreadable(frame, "a single event too large", out);
    if (data === undefined) return this.#comment(frame, out);
    if (data === DONE) {
      this.#done = true;
      return this.#push(this.#closing(frame), out);
    }
    const reading = parseStrictJsonText(unmarkedText(data));
    if (reading.kind === "problem" || !isJsonObject(reading.value)) {
      return this.#push(textFrame(frame, data, "data", this.#options.codec), out);
    }
    return this.#event(frame, reading.value, out);
  }

  #event(frame: SseFrame, json: JsonObject, out: Uint8Array[]): Stop {
    const { reader, usage, search, hidesUsage, codec } = this.#options;
    usage?.read(json);
    this.parts.begin();
    if (hidesUsage && reader.isUsageOnly(json)) {
      reader.read(json, this.parts);
      return undefined;
    }
    let seen = json;
    const { data = "" } = frame;
    if (!this.#gate.idle && (!reader.isPlain(json) || mayEcho(search.echoes, data))) {
      const scan = scanEvent(search, json, data, (at) => reader.placeOf?.(json, at) ?? at);
      this.#wholeFindings.push(...scan.findings);
      this.#fileUnits += scan.fileUnits;
      if (scan.blocked !== undefined) return answerRefusal(scan.blocked);
      if (scan.unseen !== undefined) {
        this.unseen ??= scan.unseen;
        return this.#unreadable(frame, NOT_ALL_SEEN[scan.unseen], out);
      }
      if (isJsonObject(scan.value)) seen = scan.value;
    }
    reader.read(seen, this.parts);
    if (this.parts.overflown) return this.#unreadable(frame, "too much open at once", out);
    const bytes = seen === json ? frame.bytes : codec.write(frame, seen);
    const event = new EventFrame(frame, seen, this.parts.spans, codec, bytes);
    // The bill of an answer that is complete cannot be changed by cutting it.
    return this.#push(event, out) ?? (this.finished ? undefined : this.#paidFor());
  }

  #paidFor(): Stop {
    return this.#options.meter?.saw(this.parts.pieces, this.parts.bytes);
  }

  /** `[DONE]`: nothing of any part comes after it. */
  #closing(frame: SseFrame): Frame {
    this.parts.begin();
    this.parts.close();
    return { bytes: frame.bytes, spans: this.parts.spans, rewrite: () => frame.bytes };
  }

  /** Clients drop what has no data; an echo in it still must not leave. */
  #comment(frame: SseFrame, out: Uint8Array[]): Stop {
    if (mayEcho(this.#options.search.echoes, frame.bytes.toString("utf8"))) return undefined;
    return this.#push({ bytes: frame.bytes, spans: [], rewrite: () => frame.bytes }, out);
  }

  #unreadable(frame: SseFrame, reason: string, out: Uint8Array[]): Stop {
    if (!this.#options.passesUnscannable && !this.#gate.idle) return unscannableRefusal(reason);
    this.unread = true;
    this.#midEvent = frame.kind === "oversize";
    return this.#push({ bytes: frame.bytes, spans: [], rewrite: () => frame.bytes }, out);
  }

  #push(frame: Frame, out: Uint8Array[]): Stop {
    return this.#obey(this.#gate.push(frame), out);
  }

  #obey(verdict: GateVerdict, out: Uint8Array[]): Stop {
    for (const chunk of verdict.chunks) out.push(chunk);
    if (this.#gate.overflowed) this.unread = true;
    this.unseen ??= this.#gate.unseen;
    if (verdict.kind === "emit") return undefined;
    return answerRefusal(verdict.finding);
  }

  #cut(refusal: Refusal, chunks: readonly Uint8Array[]): ChunkVerdict {
    return { kind: "cut", refusal, chunks, farewell: this.farewell(refusal) };
  }
}
