/** A session of the 2025 era that Sallyport keeps itself, before a server that has none. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { randomToken } from "../../../lib/ids.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import type { RpcId, RpcMessage, RpcResponse } from "../rpc-message.ts";
import type { AnswerStream } from "../transport/answer-stream.ts";
import { EventLog } from "../transport/event-log.ts";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import { SUBSCRIPTION_KEY } from "../transport/message-meta.ts";
import { askMessages, type Asking } from "./answer-reader.ts";
import type { Envelope } from "./stateless-message.ts";
import { enveloped, newRequest, requestOf, statelessRequest } from "./stateless-message.ts";

/** How many questions may wait for their client at once. */
const QUESTIONS_MAX = 64;
/** How long a server's question waits for the client's answer. */
const ANSWER_MS = 300_000;
const SUBSCRIPTIONS_MAX = 1024;
const QUESTION_ID_BYTES = 12;

export class FrontSession {
  readonly owner: string;
  readonly #envelope: Omit<Envelope, "logLevel">;
  readonly #side: McpServerSide;
  readonly #questions = new Map<RpcId, (answer: RpcResponse | undefined) => void>();
  readonly #running = new Map<RpcId, () => void>();
  readonly #subscribed = new Set<string>();
  readonly #log = new EventLog();
  #listening: AnswerStream | undefined;
  #asking: Asking | undefined;
  logLevel: JsonValue | undefined;

  constructor(side: McpServerSide, owner: string, params: JsonObject | undefined) {
    this.#side = side;
    this.owner = owner;
    const { capabilities, clientInfo } = params ?? {};
    this.#envelope = { capabilities: capabilities ?? {}, info: clientInfo };
  }

  get resting(): boolean {
    return this.#listening === undefined && this.#running.size === 0;
  }

  get envelope(): Envelope {
    return { ...this.#envelope, logLevel: this.logLevel };
  }

  /** `cancel` is called when the client says that it does not want the answer. */
  run(id: RpcId, cancel: () => void): void {
    this.#running.set(id, cancel);
  }

  done(id: RpcId): void {
    this.#running.delete(id);
  }

  cancel(id: JsonValue | undefined): void {
    if (typeof id !== "string" && typeof id !== "number") return;
    this.#running.get(id)?.();
    this.#running.delete(id);
  }

  /** Undefined: the client did not answer, or may not be asked more. */
  question(
    method: string,
    params: JsonObject,
    stream: AnswerStream,
  ): Promise<RpcResponse | undefined> {
    if (this.#questions.size >= QUESTIONS_MAX || stream.over) return Promise.resolve(undefined);
    const id = `ask-${randomToken(QUESTION_ID_BYTES)}`;
    stream.event(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise((resolve) => {
      const settle = (answer: RpcResponse | undefined): void => {
        clearTimeout(late);
        this.#questions.delete(id);
        resolve(answer);
      };
      const late = setTimeout(() => settle(undefined), ANSWER_MS).unref();
      this.#questions.set(id, settle);
    });
  }

  answer(response: RpcResponse): void {
    if (response.id !== undefined) this.#questions.get(response.id)?.(response);
  }

  /** The client's stream for what nobody asked for. */
  listen(base: McpRequest, stream: AnswerStream, lastEventId: string | undefined): void {
    stream.open();
    const missed = lastEventId === undefined ? [] : this.#log.after(lastEventId).events;
    for (const { id, json } of missed) stream.event(json, id);
    this.#listening?.end();
    this.#listening = stream;
    stream.onGone(() => {
      if (this.#listening !== stream) return;
      this.#listening = undefined;
      this.#asking?.abort();
      this.#asking = undefined;
    });
    this.#subscribe(base);
  }

  subscribe(base: McpRequest, uri: string, on: boolean): void {
    if (on && this.#subscribed.size < SUBSCRIPTIONS_MAX) this.#subscribed.add(uri);
    else this.#subscribed.delete(uri);
    if (this.#listening !== undefined) this.#subscribe(base);
  }

  close(): void {
    this.#listening?.end();
    this.#asking?.abort();
    for (const settle of this.#questions.values()) settle(undefined);
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }

  /** A stateless server is told anew what its listener wants, each time that changes. */
  #subscribe(base: McpRequest): void {
    this.#asking?.abort();
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(this.#subscribed.size > 0 && { resourceSubscriptions: [...this.#subscribed] }),
    };
    const bare = newRequest("listen", "subscriptions/listen", { notifications });
    const sent: SentMessage = requestOf(enveloped(bare, this.envelope));
    const request = statelessRequest(base, "subscriptions/listen", sent);
    this.#asking = askMessages(this.#side, request, {
      message: (message) => this.#hear(message),
      ended: () => (this.#asking = undefined),
    });
  }

  #hear(message: RpcMessage): void {
    if (message.kind !== "notification") return;
    if (message.method === "notifications/subscriptions/acknowledged") return;
    const json = JSON.stringify(withoutSubscription(message.json));
    this.#listening?.event(json, this.#log.add("g", json));
  }
}

function withoutSubscription(json: JsonObject): JsonObject {
  const { params } = json;
  if (!isJsonObject(params) || !isJsonObject(params["_meta"])) return json;
  const { [SUBSCRIPTION_KEY]: _, ...meta } = params["_meta"];
  return { ...json, params: { ...params, _meta: meta } };
}
