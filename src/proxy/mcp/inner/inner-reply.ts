/** The answer of an exchange that another one asked for: what a socket would get, a handler gets. */
import type { IncomingHttpHeaders } from "node:http";
import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import type { Reply } from "../../reply.ts";
import type { WireReply } from "../../wire.ts";

export class InnerReply implements Reply, Dispatcher.DispatchController {
  bytes = 0;
  broken = false;
  headSent = false;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #handler: Dispatcher.DispatchHandler;
  #over = false;
  #goneListeners: (() => void)[] = [];
  #onDrain: (() => void) | undefined;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
    handler.onRequestStart?.(this, undefined);
  }

  get gone(): boolean {
    return this.aborted;
  }

  /** Of no use to who asks: the outer exchange has a head of its own. */
  adorn(): void {}

  head(status: number, flat: string[]): void {
    this.headSent = true;
    if (this.#over) return;
    this.#handler.onResponseStart?.(this, status, headersOf(flat));
  }

  flushHead(): void {}

  write(chunk: Uint8Array, onDrain: () => void): boolean {
    this.bytes += chunk.length;
    if (this.#over) return true;
    this.#handler.onResponseData?.(this, Buffer.from(chunk));
    if (!this.paused) return true;
    this.#onDrain = onDrain;
    return false;
  }

  writeLast(chunk: Uint8Array): void {
    this.write(chunk, () => {});
    this.end();
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.onResponseEnd?.(this, {});
  }

  onGone(listener: () => void): void {
    this.#goneListeners.push(listener);
  }

  destroy(): void {
    this.broken = true;
    if (this.#over) return;
    this.#over = true;
    this.#handler.onResponseError?.(this, new Error("the answer broke off"));
    // As with a socket, whoever writes here hears of it later.
    queueMicrotask(() => this.#tellGone());
  }

  breakOff(farewell: Uint8Array | undefined): void {
    if (farewell === undefined) this.destroy();
    else this.writeLast(farewell);
  }

  refuse({ status, headers, body }: WireReply): void {
    this.head(status, Object.entries(headers).flat());
    this.writeLast(Buffer.from(body));
  }

  abort(reason: Error): void {
    if (this.#over || this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#over = true;
    this.#tellGone();
  }

  #tellGone(): void {
    for (const listener of this.#goneListeners.splice(0)) listener();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    const drained = this.#onDrain;
    this.#onDrain = undefined;
    drained?.();
  }
}

function headersOf(flat: readonly string[]): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (let i = 0; i + 1 < flat.length; i += 2) headers[flat[i] ?? ""] = flat[i + 1];
  return headers;
}
