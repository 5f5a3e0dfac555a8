/**
 * One way of a WebSocket behind inspection: a message leaves when all of it was looked at, and what
 * comes behind it waits while a second opinion on it is formed, as long as the judge may take. What is
 * held back is bounded in bytes, and in time by `HOLD_MS`; past either it is cut, or passes as
 * unscanned where the upstream's `unscannable` says so.
 */
import { Buffer } from "node:buffer";
import { Transform, type TransformCallback } from "node:stream";
import type { EchoFilter } from "../../core/inspect/echo-filter.ts";
import type { Finding } from "../../core/inspect/finding.ts";
import type { MessageScreen, MessageVerdict } from "../../core/inspect/message-screen.ts";
import type { Upstream } from "../../core/upstream.ts";
import {
  createFrameReader,
  writeFrame,
  type FrameReading,
  type SocketFrame,
} from "./frame-reader.ts";
import { impossible } from "../../lib/impossible.ts";

export interface FrameGateOptions {
  readonly screen: Pick<MessageScreen, "ahead" | "judge" | "missed">;
  readonly bytesMax: number;
  readonly unscannable: Upstream["unscannable"];
  /** Takes injected secrets out of what passes without a look. */
  readonly echoes: EchoFilter;
  /** Marks the session with what was found so far; a promise: what was looked at leaves after it. */
  readonly mark?: (() => Promise<void> | undefined) | undefined;
  /** Nothing leaves after it. `undefined`: it was not looked at, for `reason`. */
  readonly cut: (finding: Finding | undefined, reason: string) => void;
}

/** How long a message may be on its way in pieces. */
export const HOLD_MS = 30_000;
const FRAMES_MAX = 4096;
const FAILED = "one that a detector failed on";
const CONTROL = 8;
const CLOSE = 8;
const CLOSE_CODE_BYTES = 2;

/** Owns a timer, which ends with the stream. */
export class FrameGate extends Transform {
  readonly #options: FrameGateOptions;
  readonly #reader;
  #message: SocketFrame[] = [];
  #messageBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The opinion that the message at hand waits for, and then its verdict. */
  #waits: Promise<void> | undefined;
  /** What comes is no more than passed on: `cut` or unread. */
  #over: "no" | "cut" | "unread" = "no";

  constructor(options: FrameGateOptions) {
    super();
    this.#options = options;
    this.#reader = createFrameReader(options.bytesMax);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let waits: Promise<void> | undefined;
    try {
      waits = this.#takeAll(this.#reader.push(chunk), 0);
    } catch {
      this.#fail(chunk.length);
    }
    if (waits === undefined) done();
    else void this.#waitFor(waits, chunk.length, done);
  }

  async #waitFor(opinions: Promise<void>, bytes: number, done: TransformCallback): Promise<void> {
    try {
      await opinions;
    } catch {
      this.#fail(bytes);
    }
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }

  override _flush(done: TransformCallback): void {
    clearTimeout(this.#timer);
    const rest = this.#options.echoes.end();
    if (rest.length > 0) this.push(rest);
    done();
  }

  #takeAll(readings: readonly FrameReading[], from: number): Promise<void> | undefined {
    for (let i = from; i < readings.length; i += 1) {
      const reading = readings[i];
      if (reading !== undefined) this.#take(reading);
      const waits = this.#waits;
      this.#waits = undefined;
      if (waits !== undefined) return waits.then(() => this.#takeAll(readings, i + 1));
    }
    return undefined;
  }

  #take(reading: FrameReading): void {
    if (this.#over === "cut") return;
    if (this.#over === "unread" && reading.kind === "oversize") return this.#pass(reading.bytes);
    if (reading.kind === "oversize")
      return this.#unread("more than can be held back", reading.bytes);
    const { frame } = reading;
    if (this.#over === "unread") return this.#pass(frame.bytes);
    if (frame.reserved) return this.#unread("compressed", frame.bytes);
    if (frame.opcode >= CONTROL) return this.#control(frame);
    this.#message.push(frame);
    this.#messageBytes += frame.payload.length;
    if (frame.fin) return this.#complete();
    if (this.#messageBytes > this.#options.bytesMax || this.#message.length > FRAMES_MAX) {
      return this.#unread("more than can be held back", Buffer.alloc(0));
    }
    this.#timer ??= setTimeout(
      () => this.#unread("longer than can be held back", Buffer.alloc(0)),
      HOLD_MS,
    ).unref();
  }

  /** Between the frames of a message. What it carries is text, of which no opinion is asked. */
  #control(frame: SocketFrame): void {
    const from = frame.opcode === CLOSE ? CLOSE_CODE_BYTES : 0;
    const verdict =
      frame.payload.length > from
        ? this.#options.screen.judge(frame.payload.subarray(from))
        : undefined;
    if (verdict?.kind === "unseen")
      this.#options.screen.missed(verdict.reason, frame.payload.length);
    // A ping is answered with the same bytes and a close ends it all: neither is written anew.
    if (verdict?.kind === "cut") this.#cut(verdict.finding, "");
    else if (verdict?.kind !== "rewrite") this.#waits = this.#marked(() => this.push(frame.bytes));
  }

  #marked(then: () => void): Promise<void> | undefined {
    const marks = this.#options.mark?.();
    if (marks !== undefined) return marks.then(then);
    then();
    return undefined;
  }

  #complete(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const frames = this.#message;
    const [first] = frames;
    const whole =
      frames.length === 1 && first !== undefined
        ? first.payload
        : Buffer.concat(frames.map(({ payload }) => payload));
    const asked = this.#options.screen.ahead(whole);
    this.#waits = asked === undefined ? this.#judge(whole) : asked.then(() => this.#judge(whole));
  }

  #judge(whole: Buffer): Promise<void> | undefined {
    const verdict = this.#options.screen.judge(whole);
    return this.#marked(() => this.#obey(verdict, whole));
  }

  #obey(verdict: MessageVerdict, whole: Buffer): void {
    const frames = this.#message;
    const [first] = frames;
    switch (verdict.kind) {
      case "cut":
        return this.#cut(verdict.finding, "");
      case "unseen":
        this.#options.screen.missed(verdict.reason, whole.length);
        if (this.#options.unscannable === "refuse") return this.#cut(undefined, verdict.reason);
        if (verdict.bytes === whole) break;
        return this.#rewrite(first, verdict.bytes);
      case "rewrite":
        return this.#rewrite(first, verdict.bytes);
      case "pass":
        break;
      default:
        impossible(verdict);
    }
    for (const frame of frames) this.push(frame.bytes);
    this.#forget();
  }

  #rewrite(first: SocketFrame | undefined, bytes: Uint8Array): void {
    this.#forget();
    this.push(writeFrame(first?.opcode ?? 0, bytes, first?.mask));
  }

  #forget(): void {
    this.#message = [];
    this.#messageBytes = 0;
  }

  /** Goes by without a look from here on, or not at all. */
  #unread(reason: string, bytes: Buffer): void {
    clearTimeout(this.#timer);
    const { screen, unscannable } = this.#options;
    screen.missed(reason, this.#messageBytes + bytes.length);
    if (unscannable === "refuse") return this.#cut(undefined, reason);
    this.#over = "unread";
    for (const frame of this.#message) this.#send(frame.bytes);
    this.#forget();
    this.#send(bytes);
  }

  #send(bytes: Buffer): void {
    const clean = this.#options.echoes.push(bytes);
    if (clean.length > 0) this.push(clean);
  }

  #pass(bytes: Buffer): void {
    this.#options.screen.missed("", bytes.length);
    this.#send(bytes);
  }

  /** What failed has looked at nothing. The error may quote the message, so it goes nowhere. */
  #fail(bytes: number): void {
    this.#options.screen.missed(FAILED, bytes);
    this.#cut(undefined, FAILED);
  }

  #cut(finding: Finding | undefined, reason: string): void {
    this.#over = "cut";
    this.#forget();
    this.#options.cut(finding, reason);
  }
}
