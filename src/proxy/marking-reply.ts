/**
 * A reply that lets nothing out of an answer before the session has the marks of what was found in it
 * so far. Where the marks are kept by this process that is at once; where replicas share them it waits.
 */
import type { Reply } from "./reply.ts";
import type { WireReply } from "./wire.ts";

/** Marks the session with what is known by now; undefined: nothing to wait for. */
export type MarkSoFar = () => Promise<void> | undefined;

export class MarkingReply implements Reply {
  readonly #reply: Reply;
  readonly #mark: MarkSoFar;
  /** What waits for marks, in order. */
  #waiting: (() => void)[] | undefined;
  #waitingBytes = 0;
  #drained = false;
  #onDrain: (() => void) | undefined;

  constructor(reply: Reply, mark: MarkSoFar) {
    this.#reply = reply;
    this.#mark = mark;
    reply.onGone(() => this.#drop());
  }

  get bytes(): number {
    return this.#reply.bytes + this.#waitingBytes;
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
    this.#inTurn(() => this.#reply.head(status, flat));
  }

  flushHead(): void {
    this.#inTurn(() => this.#reply.flushHead());
  }

  write(chunk: Uint8Array, onDrain: () => void): boolean {
    let flows = false;
    this.#inTurn(() => {
      flows = this.#drained = this.#reply.write(chunk, onDrain);
    }, chunk.length);
    if (this.#waiting !== undefined) this.#onDrain = onDrain;
    return flows;
  }

  writeLast(chunk: Uint8Array): void {
    this.#inTurn(() => this.#reply.writeLast(chunk), chunk.length);
  }

  end(trailers: readonly string[] | undefined): void {
    this.#inTurn(() => this.#reply.end(trailers));
  }

  onGone(listener: () => void): void {
    this.#reply.onGone(listener);
  }

  destroy(): void {
    this.#drop();
    this.#reply.destroy();
  }

  breakOff(farewell: Uint8Array | undefined): void {
    this.#inTurn(() => this.#reply.breakOff(farewell));
  }

  refuse(reply: WireReply, closeAfter: boolean): void {
    this.#drop();
    this.#reply.refuse(reply, closeAfter);
  }

  #inTurn(step: () => void, bytes = 0): void {
    if (this.#waiting === undefined) this.#wait(this.#mark());
    if (this.#waiting === undefined) return step();
    this.#waitingBytes += bytes;
    this.#waiting.push(step);
  }

  #wait(marks: Promise<void> | undefined): void {
    if (marks === undefined) return;
    this.#waiting ??= [];
    void marks.then(() => this.#goOn());
  }

  #goOn(): void {
    const more = this.#mark();
    if (more !== undefined) return this.#wait(more);
    const steps = this.#waiting ?? [];
    const onDrain = this.#onDrain;
    this.#drop();
    for (const step of steps) step();
    // Where the last write did not drain, the reply itself will call.
    if (this.#drained) onDrain?.();
  }

  #drop(): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    this.#onDrain = undefined;
  }
}
