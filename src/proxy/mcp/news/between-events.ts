/**
 * Lets a server's event stream pass, and puts words of the gate's own between two of its events.
 * They are judged after, like the server's.
 */
import type { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { PassedOn } from "../transport/passed-on.ts";

/** Whoever has something to say on a stream, from its head to its end. */
export interface Voice {
  begin(stream: BetweenEvents): void;
  end(): void;
}

const EVENT_END = /\n\n$|\r\n\r\n$|\r\r$/;
const TAIL_BYTES = 4;
/** What waits for the end of an event; the oldest are dropped. */
const OWED_MAX = 64;

export class BetweenEvents extends PassedOn {
  readonly #voice: Voice;
  #controller: Dispatcher.DispatchController | undefined;
  /** The last bytes: whether they end an event. */
  #tail = "";
  readonly #owed: Buffer[] = [];

  constructor(handler: Dispatcher.DispatchHandler, voice: Voice) {
    super(handler);
    this.#voice = voice;
  }

  /** Nobody is there any more; not everything that ends says so. */
  get gone(): boolean {
    return this.#controller?.aborted !== false;
  }

  /** `events`: whole ones. */
  say(events: Buffer): void {
    this.#owed.push(events);
    if (this.#owed.length > OWED_MAX) this.#owed.shift();
    this.#speak();
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    super.onResponseStart(controller, status, headers);
    const isStream = /^text\/event-stream\b/i.test(String(headers["content-type"] ?? ""));
    if (status !== 200 || !isStream || controller.aborted) return;
    this.#controller = controller;
    this.#voice.begin(this);
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    super.onResponseData(controller, chunk);
    this.#tail = (this.#tail + chunk.subarray(-TAIL_BYTES).toString("latin1")).slice(-TAIL_BYTES);
    this.#speak();
  }

  override onResponseEnd(
    controller: Dispatcher.DispatchController,
    trailers: IncomingHttpHeaders,
  ): void {
    this.#end();
    super.onResponseEnd(controller, trailers);
  }

  override onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#end();
    super.onResponseError(controller, error);
  }

  #speak(): void {
    const controller = this.#controller;
    if (controller === undefined || (this.#tail !== "" && !EVENT_END.test(this.#tail))) return;
    for (const events of this.#owed.splice(0)) super.onResponseData(controller, events);
  }

  #end(): void {
    if (this.#controller === undefined) return;
    this.#controller = undefined;
    this.#voice.end();
  }
}
