import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import type { UpstreamEra } from "./upstream-era.ts";
import { PassedOn } from "../transport/passed-on.ts";

/** A failed `initialize` is looked at before it is passed on; a longer answer is no failure. */
const FAILURE_BYTES_MAX = 65_536;

/** The first `initialize` of a server: passed on if it works, bridged if there are no sessions. */
export class FirstTry extends PassedOn {
  readonly #request: McpRequest;
  readonly #era: UpstreamEra;
  readonly #front: McpServerSide;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #body: Buffer[] | undefined;
  #bytes = 0;

  constructor(
    handler: Dispatcher.DispatchHandler,
    request: McpRequest,
    era: UpstreamEra,
    front: McpServerSide,
  ) {
    super(handler);
    this.#request = request;
    this.#era = era;
    this.#front = front;
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (isFinal(status)) return this.#pass(controller);
    this.#body = [];
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body === undefined) return super.onResponseData(controller, chunk);
    this.#body.push(chunk);
    this.#bytes += chunk.length;
    // A stream may stay open after its answer.
    if (this.#status < 300 && saysResult(Buffer.concat(this.#body))) this.#succeed(controller);
    else if (this.#bytes > FAILURE_BYTES_MAX) this.#pass(controller);
  }

  override onResponseEnd(
    controller: Dispatcher.DispatchController,
    trailers: IncomingHttpHeaders,
  ): void {
    if (this.#body === undefined) {
      super.onResponseEnd(controller, trailers);
      return;
    }
    void this.#era.probe(this.#request).then((speaks) => {
      if (speaks === "yes") {
        this.#era.sessions = "no";
        this.#front.ask(this.#request, this.handler);
        return;
      }
      this.#pass(controller);
      super.onResponseEnd(controller, trailers);
    });
  }

  #succeed(controller: Dispatcher.DispatchController): void {
    this.#era.sessions = "yes";
    this.#pass(controller);
  }

  #pass(controller: Dispatcher.DispatchController): void {
    const held = this.#body ?? [];
    this.#body = undefined;
    super.onResponseStart(controller, this.#status, this.#headers);
    for (const chunk of held) super.onResponseData(controller, chunk);
  }
}

/** Whoever is not let in, or finds nobody there, learns nothing from trying otherwise. */
function isFinal(status: number): boolean {
  return status === 401 || status === 403 || status >= 500;
}

function saysResult(body: Buffer): boolean {
  return /"result"\s*:/.test(body.toString("utf8"));
}
