/** Ends a call that takes longer than its tool may, however it is carried out. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { Buffer } from "node:buffer";
import type { Millis } from "../../../core/units.ts";
import { TotalTimeout } from "../../upstream-failure.ts";
import { PassedOn } from "./passed-on.ts";

export class Deadline extends PassedOn {
  readonly #timer: NodeJS.Timeout;
  readonly #lastWord: string;
  readonly #cancel: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #streaming = false;
  #over = false;

  /** `lastWord`: the answer of a call that took too long. `cancel` tells the server. */
  constructor(
    handler: Dispatcher.DispatchHandler,
    limit: Millis,
    lastWord: string,
    cancel: () => void,
  ) {
    super(handler);
    this.#lastWord = lastWord;
    this.#cancel = cancel;
    this.#timer = setTimeout(() => this.#expire(), limit);
  }

  override onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#controller = controller;
    super.onRequestStart(controller, context);
    if (controller.aborted) this.#end();
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#over) return;
    this.#streaming = /^text\/event-stream\b/i.test(String(headers["content-type"] ?? ""));
    super.onResponseStart(controller, status, headers);
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) super.onResponseData(controller, chunk);
  }

  override onResponseEnd(
    controller: Dispatcher.DispatchController,
    trailers: IncomingHttpHeaders,
  ): void {
    if (this.#over) return;
    this.#end();
    super.onResponseEnd(controller, trailers);
  }

  override onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    this.#end();
    super.onResponseError(controller, error);
  }

  #expire(): void {
    const controller = this.#controller;
    if (this.#over || controller === undefined) return;
    const late = new TotalTimeout();
    if (this.#streaming) this.#conclude(controller);
    else this.onResponseError(controller, late);
    controller.abort(late);
    this.#cancel();
  }

  /** In its stream, and not by breaking it: a client would come back and wait for the rest. */
  #conclude(controller: Dispatcher.DispatchController): void {
    const event = `event: message\ndata: ${this.#lastWord}\n\n`;
    super.onResponseData(controller, Buffer.from(event));
    this.onResponseEnd(controller, {});
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }
}
