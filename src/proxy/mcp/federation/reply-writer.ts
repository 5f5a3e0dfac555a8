import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Reply } from "../../reply.ts";

/** Hands an answer that was judged already to the client as it is. */
export class ReplyWriter implements Dispatcher.DispatchHandler {
  readonly #reply: Reply;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#reply.onGone(() => controller.abort(new Error("the agent is gone")));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    const flat = Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [name, value] : [],
    );
    this.#reply.head(status, flat);
    this.#reply.flushHead();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#reply.write(chunk, () => controller.resume())) controller.pause();
  }

  onResponseEnd(): void {
    this.#reply.end(undefined);
  }

  onResponseError(): void {
    this.#reply.destroy();
  }
}
