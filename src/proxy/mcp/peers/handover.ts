/** The answer of another worker; where that one is gone, what its absence means. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";

/** Nobody listens there: it died, or has not begun yet. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED"]);

export class Handover implements Dispatcher.DispatchHandler {
  readonly #request: McpRequest;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #here: McpServerSide;

  /**
   * `here`: the same side in this process. It does not know the session, and says so in the words
   * that make a client begin anew; what has no session begins anew here.
   */
  constructor(request: McpRequest, handler: Dispatcher.DispatchHandler, here: McpServerSide) {
    this.#request = request;
    this.#handler = handler;
    this.#here = here;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#handler.onResponseStart?.(controller, status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    const isAbsent = "code" in error && ABSENT.has(String(error.code));
    if (isAbsent) this.#here.ask(this.#request, this.#handler);
    else this.#handler.onResponseError?.(controller, error);
  }
}
