/**
 * A stream on which a client hears what nobody asked for, with the gate's own word that lists have
 * changed between what the server says. Its words are judged after, like the server's.
 */
import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { isJsonObject } from "../../../core/json.ts";
import { CHANGES } from "../era/link-news.ts";
import type { McpRequest } from "../transport/mcp-request.ts";
import { SUBSCRIPTION_KEY } from "../transport/message-meta.ts";
import type { ListNews, NewsListener } from "./list-news.ts";

const EVENT_END = /\n\n$|\r\n\r\n$|\r\r$/;
const TAIL_BYTES = 4;

/** The same handler where this is no such stream. */
export function toldOf(
  request: McpRequest,
  handler: Dispatcher.DispatchHandler,
  news: ListNews,
): Dispatcher.DispatchHandler {
  const events = wordsFor(request);
  return events === undefined ? handler : new ToldStream(handler, news, events);
}

/** The events of a change, as this client knows them. */
function wordsFor({ question, sent }: McpRequest): Buffer | undefined {
  if (question.kind === "stream") return eventsOf(Object.keys(CHANGES), undefined);
  const message = sent?.message;
  if (question.kind !== "request" || question.method !== "subscriptions/listen") return undefined;
  const filter = message?.kind === "request" ? message.params?.["notifications"] : undefined;
  if (!isJsonObject(filter)) return undefined;
  const wanted = Object.keys(CHANGES).filter((method) => filter[CHANGES[method] ?? ""] === true);
  if (wanted.length === 0) return undefined;
  const params = { _meta: { [SUBSCRIPTION_KEY]: question.id } };
  return eventsOf(wanted, params);
}

function eventsOf(methods: readonly string[], params: object | undefined): Buffer {
  const texts = methods.map((method) => {
    const message = JSON.stringify({ jsonrpc: "2.0", method, ...(params && { params }) });
    return `event: message\ndata: ${message}\n\n`;
  });
  return Buffer.from(texts.join(""));
}

class ToldStream implements Dispatcher.DispatchHandler, NewsListener {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #news: ListNews;
  readonly #events: Buffer;
  #controller: Dispatcher.DispatchController | undefined;
  /** The last bytes: whether they end an event. */
  #tail = "";
  /** Something is to be said, as soon as an event has ended. */
  #owing = false;

  constructor(handler: Dispatcher.DispatchHandler, news: ListNews, events: Buffer) {
    this.#handler = handler;
    this.#news = news;
    this.#events = events;
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
    const isStream = /^text\/event-stream\b/i.test(String(headers["content-type"] ?? ""));
    if (status !== 200 || !isStream || controller.aborted) return;
    this.#controller = controller;
    this.#news.listen(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
    this.#tail = (this.#tail + chunk.subarray(-TAIL_BYTES).toString("latin1")).slice(-TAIL_BYTES);
    if (this.#owing) this.tell();
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#leave();
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#leave();
    this.#handler.onResponseError?.(controller, error);
  }

  get gone(): boolean {
    return this.#controller?.aborted !== false;
  }

  tell(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#owing = !EVENT_END.test(this.#tail) && this.#tail !== "";
    if (!this.#owing) this.#handler.onResponseData?.(controller, this.#events);
  }

  #leave(): void {
    this.#controller = undefined;
    this.#news.leave(this);
  }
}
