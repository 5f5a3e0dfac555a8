/**
 * A reply whose head waits for the first of its body, so that what is blocked by then still gets a
 * status and a reason. A connection that breaks tells an agent nothing, and most ask again.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { ResponseInspector } from "../pipeline/ask.ts";
import type { Reply } from "./reply.ts";
import type { WireReply } from "./wire.ts";

/** Bytes that wait at most: what is longer streams from here on. */
const WAITING_BYTES_MAX = 65_536;
/** And how long, where nobody knows whether more will come. */
const WAITING_MS_MAX = 250;

export class LateReply implements Reply {
  readonly #reply: Reply;
  readonly #from: IncomingHttpHeaders;
  readonly #inspector: ResponseInspector;
  readonly #timer: NodeJS.Timeout | undefined;
  #onDrain = (): void => {};
  #head: { readonly status: number; readonly flat: string[] } | undefined;
  #chunks: Uint8Array[] = [];
  #waiting = 0;

  /** `from`: the head of the answer as it came. */
  constructor(reply: Reply, from: IncomingHttpHeaders, inspector: ResponseInspector) {
    this.#reply = reply;
    this.#from = from;
    this.#inspector = inspector;
    reply.onGone(() => this.#drop());
    if (from["content-length"] === undefined)
      this.#timer = setTimeout(() => this.#open(), WAITING_MS_MAX);
  }

  get bytes(): number {
    return this.#reply.bytes;
  }

  get broken(): boolean {
    return this.#reply.broken;
  }

  get headSent(): boolean {
    return this.#reply.headSent;
  }

  get gone(): boolean {
    return this.#reply.gone;
  }

  adorn(flat: readonly string[]): void {
    this.#reply.adorn(flat);
  }

  head(status: number, flat: string[]): void {
    this.#head = { status, flat };
  }

  flushHead(): void {
    // The head waits for the first of the body.
  }

  write(chunk: Uint8Array, onDrain: () => void): boolean {
    this.#onDrain = onDrain;
    if (this.#head !== undefined && this.#waiting + chunk.length <= WAITING_BYTES_MAX) {
      this.#waiting += chunk.length;
      this.#chunks.push(chunk);
      return true;
    }
    this.#open();
    return this.#reply.write(chunk, onDrain);
  }

  writeLast(chunk: Uint8Array): void {
    this.#open();
    this.#reply.writeLast(chunk);
  }

  end(trailers: readonly string[] | undefined): void {
    this.#open();
    this.#reply.end(trailers);
  }

  onGone(listener: () => void): void {
    this.#reply.onGone(listener);
  }

  destroy(): void {
    this.#reply.destroy();
  }

  breakOff(farewell: Uint8Array | undefined): void {
    this.#open();
    this.#reply.breakOff(farewell);
  }

  refuse(reply: WireReply, closeAfter: boolean): void {
    this.#drop();
    this.#reply.refuse(reply, closeAfter);
  }

  #open(): void {
    const head = this.#head;
    if (head === undefined) return;
    const chunks = this.#chunks;
    this.#drop();
    this.#reply.head(head.status, [...head.flat, ...this.#length()]);
    this.#reply.flushHead();
    for (const chunk of chunks) this.#reply.write(chunk, this.#onDrain);
  }

  /** A download that nobody changes is as long as it was said to be. */
  #length(): readonly string[] {
    const { "content-length": length, "content-encoding": coding } = this.#from;
    if (length === undefined || coding !== undefined) return [];
    return this.#inspector.leavesAll?.() === true ? ["content-length", length] : [];
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#head = undefined;
    this.#chunks = [];
  }
}
