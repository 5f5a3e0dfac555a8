/** The gate's own word that lists have changed, on a stream for what nobody asked for. */
import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import { isJsonObject } from "../../../core/json.ts";
import { CHANGES } from "../era/link-news.ts";
import type { McpRequest } from "../transport/mcp-request.ts";
import { SUBSCRIPTION_KEY } from "../transport/message-meta.ts";
import { BetweenEvents, type Voice } from "./between-events.ts";
import type { ListNews, NewsListener } from "./list-news.ts";

/** The same handler where this is no such stream. */
export function toldOf(
  request: McpRequest,
  handler: Dispatcher.DispatchHandler,
  news: ListNews,
): Dispatcher.DispatchHandler {
  const events = wordsFor(request);
  return events === undefined ? handler : new BetweenEvents(handler, new ListVoice(news, events));
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

class ListVoice implements Voice, NewsListener {
  readonly #news: ListNews;
  readonly #events: Buffer;
  #stream: BetweenEvents | undefined;

  constructor(news: ListNews, events: Buffer) {
    this.#news = news;
    this.#events = events;
  }

  begin(stream: BetweenEvents): void {
    this.#stream = stream;
    this.#news.listen(this);
  }

  end(): void {
    this.#news.leave(this);
  }

  get gone(): boolean {
    return this.#stream?.gone !== false;
  }

  tell(): void {
    this.#stream?.say(this.#events);
  }
}
