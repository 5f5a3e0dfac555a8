/** What a session's server says unasked, for every stateless client that listens. */
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { setMemberAt } from "../../set-members.ts";
import type { RpcId, RpcMessage, RpcNotification } from "../rpc-message.ts";
import type { AnswerStream } from "../transport/answer-stream.ts";
import type { McpRequest } from "../transport/mcp-request.ts";
import { SUBSCRIPTION_KEY } from "../transport/message-meta.ts";
import type { Asking } from "./answer-reader.ts";
import { SessionLost } from "./session-lost.ts";
import type { LegacyLink } from "./legacy-link.ts";

interface Listener {
  readonly id: RpcId;
  readonly stream: AnswerStream;
  readonly filter: JsonObject;
}

/** Which member of a filter lets a notification through. */
export const CHANGES: Readonly<Record<string, string>> = {
  "notifications/tools/list_changed": "toolsListChanged",
  "notifications/prompts/list_changed": "promptsListChanged",
  "notifications/resources/list_changed": "resourcesListChanged",
};

export class LinkNews {
  readonly #link: LegacyLink;
  readonly #listeners = new Set<Listener>();
  #asking: Asking | undefined;

  constructor(link: LegacyLink) {
    this.#link = link;
  }

  get quiet(): boolean {
    return this.#listeners.size === 0;
  }

  /** Acknowledges what of `filter` the server can do, and passes it on until the client leaves. */
  add(base: McpRequest, id: RpcId, filter: JsonObject, stream: AnswerStream): void {
    const honoured = honour(filter, this.#link.initialized["capabilities"]);
    const params = { notifications: honoured, _meta: { [SUBSCRIPTION_KEY]: id } };
    const method = "notifications/subscriptions/acknowledged";
    stream.event(JSON.stringify({ jsonrpc: "2.0", method, params }));
    if (Object.keys(honoured).length === 0) return farewell(stream, id);
    const listener: Listener = { id, stream, filter: honoured };
    this.#listeners.add(listener);
    stream.onGone(() => this.#remove(listener));
    for (const uri of urisOf(honoured)) {
      this.#link.call(base, "resources/subscribe", { uri }).catch(() => undefined);
    }
    this.#asking ??= this.#link.listen(base, {
      message: (message, text) => this.#hear(base, message, text),
      ended: (error) => {
        if (error instanceof SessionLost) this.#link.lose(error);
        this.#end();
      },
    });
  }

  #hear(base: McpRequest, message: RpcMessage, text: string): void {
    if (message.kind === "request") {
      const { id } = message;
      const error = { code: -32601, message: "nobody can be asked outside a call" };
      const answer = message.method === "ping" ? { result: {} } : { error };
      void this.#link.tell(base, { jsonrpc: "2.0", id, ...answer });
      return;
    }
    if (message.kind !== "notification") return;
    for (const { id, stream, filter } of this.#listeners) {
      if (!wants(filter, message)) continue;
      const path = ["params", "_meta", SUBSCRIPTION_KEY];
      stream.event(setMemberAt(text, message.json, path, JSON.stringify(id)));
    }
  }

  #remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#asking?.abort();
    this.#asking = undefined;
  }

  #end(): void {
    this.#asking = undefined;
    for (const { stream, id } of this.#listeners) farewell(stream, id);
    this.#listeners.clear();
  }
}

/** The end of a subscription in good order. */
function farewell(stream: AnswerStream, id: RpcId): void {
  const result = { resultType: "complete", _meta: { [SUBSCRIPTION_KEY]: id } };
  stream.conclude(JSON.stringify({ jsonrpc: "2.0", id, result }));
}

function wants(filter: JsonObject, { method, params }: RpcNotification): boolean {
  const member = CHANGES[method];
  if (member !== undefined) return filter[member] === true;
  if (method !== "notifications/resources/updated") return false;
  const uri = params?.["uri"];
  return typeof uri === "string" && urisOf(filter).includes(uri);
}

export function urisOf(filter: JsonObject): readonly string[] {
  const uris = filter["resourceSubscriptions"];
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === "string") : [];
}

function honour(filter: JsonObject, capabilities: JsonObject[string] | undefined): JsonObject {
  const can = (feature: string, what: string): boolean => {
    const offered = isJsonObject(capabilities) ? capabilities[feature] : undefined;
    return isJsonObject(offered) && offered[what] === true;
  };
  return {
    ...(filter["toolsListChanged"] === true &&
      can("tools", "listChanged") && { toolsListChanged: true }),
    ...(filter["promptsListChanged"] === true &&
      can("prompts", "listChanged") && { promptsListChanged: true }),
    ...(filter["resourcesListChanged"] === true &&
      can("resources", "listChanged") && { resourcesListChanged: true }),
    ...(urisOf(filter).length > 0 &&
      can("resources", "subscribe") && { resourceSubscriptions: urisOf(filter) }),
  };
}
