/**
 * An answer that begins as a stream while its call waits for a person. Until the first sign of life
 * nothing is decided; after it, whatever the answer is becomes events of that stream.
 */
import type { ReviewId } from "../../core/units.ts";
import type { Reply } from "../reply.ts";
import type { HeldWords, WireReply } from "../wire.ts";

const HEAD: readonly string[] = [
  "content-type",
  "text/event-stream",
  "cache-control",
  "no-cache, no-transform",
  "x-accel-buffering",
  "no",
];

const EVENTS = /^text\/event-stream\b/i;

/** How the answer that came after the first beat travels. */
type Mode = "not_begun" | "events" | "gathered";

export class HeldReply implements Reply {
  readonly #reply: Reply;
  readonly #words: HeldWords;
  #beats = 0;
  #mode: Mode = "not_begun";
  #status = 0;
  #gathered: Uint8Array[] = [];

  constructor(reply: Reply, words: HeldWords) {
    this.#reply = reply;
    this.#words = words;
  }

  /** The client was told that it waits: there is no status to give any more. */
  get begun(): boolean {
    return this.#beats > 0;
  }

  beat(review: ReviewId): void {
    if (this.#reply.gone) return;
    if (!this.begun) {
      this.#reply.head(200, [...HEAD]);
      this.#reply.flushHead();
    }
    this.#beats += 1;
    // A few bytes each time: a client that takes none is dropped by the reply itself.
    this.#reply.write(this.#words.beat(review, this.#beats), () => undefined);
  }

  get bytes(): number {
    return this.#reply.bytes;
  }

  get broken(): boolean {
    return this.#reply.broken;
  }

  /** Of the answer itself: what waits can still be refused. */
  get headSent(): boolean {
    return this.begun ? this.#mode === "events" : this.#reply.headSent;
  }

  get gone(): boolean {
    return this.#reply.gone;
  }

  adorn(flat: readonly string[]): void {
    this.#reply.adorn(flat);
  }

  head(status: number, flat: string[]): void {
    if (!this.begun) return this.#reply.head(status, flat);
    this.#status = status;
    const type = flat.findIndex(
      (name, at) => at % 2 === 0 && name.toLowerCase() === "content-type",
    );
    const streams = status === 200 && type >= 0 && EVENTS.test(flat[type + 1] ?? "");
    this.#mode = streams ? "events" : "gathered";
  }

  flushHead(): void {
    if (!this.begun) this.#reply.flushHead();
  }

  write(chunk: Uint8Array, onDrain: () => void): boolean {
    if (this.#mode !== "gathered") return this.#reply.write(chunk, onDrain);
    this.#gathered.push(chunk);
    return true;
  }

  writeLast(chunk: Uint8Array): void {
    if (this.#mode !== "gathered") return this.#reply.writeLast(chunk);
    this.#gathered.push(chunk);
    this.end(undefined);
  }

  end(trailers: readonly string[] | undefined): void {
    if (this.#mode !== "gathered") return this.#reply.end(trailers);
    const body = Buffer.concat(this.#gathered);
    this.#reply.writeLast(this.#words.answer(this.#status, body));
  }

  onGone(listener: () => void): void {
    this.#reply.onGone(listener);
  }

  destroy(): void {
    this.#reply.destroy();
  }

  breakOff(farewell: Uint8Array | undefined): void {
    this.#reply.breakOff(farewell);
  }

  refuse(reply: WireReply, closeAfter: boolean): void {
    if (!this.begun) return this.#reply.refuse(reply, closeAfter);
    this.#reply.writeLast(Buffer.from(reply.body));
  }
}
