/** Notes the session that an `initialize` opens, and lets everything pass. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

export class SessionBinder implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #opened: (session: string) => void;

  constructor(handler: Dispatcher.DispatchHandler, opened: (session: string) => void) {
    this.#handler = handler;
    this.#opened = opened;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    const session = headers["mcp-session-id"];
    if (typeof session === "string" && status < 300) this.#opened(session);
    this.#handler.onResponseStart?.(controller, status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }
}
