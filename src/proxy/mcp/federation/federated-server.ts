/**
 * All MCP upstreams as one server of the stateless era. It holds nothing: what is asked of one
 * member becomes an exchange with it, what is asked of all becomes one exchange with each.
 */
import type { Dispatcher } from "undici";
import { MCP_METHOD_CLASSES } from "../../../core/action-classes.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { Upstream } from "../../../core/upstream.ts";
import { setMemberAt } from "../../set-members.ts";
import { askMessages, BareStatus } from "../era/answer-reader.ts";
import { sayStatus } from "../era/say-status.ts";
import {
  CLIENT_CAPABILITIES_KEY,
  saysCapabilities,
  SERVER_INFO_KEY,
  statelessRequest,
  STATELESS_VERSION,
} from "../era/stateless-message.ts";
import {
  RPC_INTERNAL,
  RPC_INVALID_PARAMS,
  RPC_METHOD_NOT_FOUND,
  type RpcRequest,
} from "../rpc-message.ts";
import { TASKS_EXTENSION } from "../tasks/task-wish.ts";
import { AnswerStream, errorText } from "../transport/answer-stream.ts";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import type { ListNews } from "../news/list-news.ts";
import { errorOf } from "../../../lib/caught.ts";
import { mergeLists } from "./merge-lists.ts";
import { mergeNews } from "./merged-news.ts";
import { joinAnswer, joinUri, place, type Members, type Placed } from "./namespace.ts";

export interface FederatedParts {
  readonly members: Members;
  readonly version: string;
  readonly news: ListNews;
  side(upstream: Upstream): McpServerSide;
}

export class FederatedServer implements McpServerSide {
  readonly #parts: FederatedParts;

  constructor(parts: FederatedParts) {
    this.#parts = parts;
  }

  ask(base: McpRequest, handler: Dispatcher.DispatchHandler): void {
    const stream = new AnswerStream(handler);
    if (stream.over) return;
    const { sent, question } = base;
    if (sent?.message.kind !== "request" || question.kind !== "request") return stream.status(202);
    const { members } = this.#parts;
    const { message } = sent;
    const { method } = question;
    const { id, params } = message;
    if (!saysCapabilities(params)) {
      const why = `_meta["${CLIENT_CAPABILITIES_KEY}"] is missing`;
      return stream.reply(400, errorText(id, RPC_INVALID_PARAMS, why));
    }
    if (method === "server/discover") return stream.reply(200, this.#introduction(message));
    if (MCP_METHOD_CLASSES[method] === "list" && method !== "tasks/list") {
      void this.#list(base, message, stream);
      return;
    }
    const side = (upstream: Upstream): McpServerSide => this.#parts.side(upstream);
    if (method === "subscriptions/listen") {
      const filter = params?.["notifications"];
      const { news } = this.#parts;
      const ask = { base, id, sent, members, side, news };
      if (isJsonObject(filter)) return mergeNews({ ...ask, filter }, stream);
      return stream.reply(400, errorText(id, RPC_INVALID_PARAMS, "notifications is missing"));
    }
    const placed = place(sent, members);
    if (placed !== undefined) return this.#relay(base, placed, stream);
    stream.reply(method === "tools/call" ? 200 : 400, nowhere(message));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #list(base: McpRequest, { id }: RpcRequest, stream: AnswerStream): Promise<void> {
    const { sent, question } = base;
    if (sent === undefined || question.kind !== "request") return;
    const left = new AbortController();
    stream.onGone(() => left.abort());
    const { members } = this.#parts;
    const side = (upstream: Upstream): McpServerSide => this.#parts.side(upstream);
    const ask = { base, method: question.method, sent, members, side };
    try {
      const { result } = await mergeLists(ask, left.signal);
      if (result !== undefined) stream.conclude(JSON.stringify({ jsonrpc: "2.0", id, result }));
      else
        stream.reply(
          400,
          errorText(
            id,
            RPC_INVALID_PARAMS,
            "This cursor was not given out here: ask for the list without one.",
          ),
        );
    } catch (error) {
      stream.fail(errorOf(error));
    }
  }

  #relay(base: McpRequest, { upstream, sent }: Placed, stream: AnswerStream): void {
    const { question } = base;
    if (question.kind !== "request" || sent.message.kind !== "request") return;
    const { id } = sent.message;
    const request = statelessRequest(base, question.method, sent);
    let answered = false;
    const asking = askMessages(this.#parts.side(upstream), request, {
      message: (message, text) => {
        if (answered) return;
        if (message.kind === "notification")
          return stream.event(joinNews(upstream, message.json, text));
        if (message.kind !== "response") return;
        answered = true;
        stream.conclude(joinAnswer(upstream.name, message.json, text));
      },
      ended: (error) => {
        if (answered) return;
        if (error instanceof BareStatus) return sayStatus(stream, id, error);
        if (error !== undefined) return stream.fail(error);
        stream.conclude(errorText(id, RPC_INTERNAL, `${upstream.name} gave no answer.`));
      },
    });
    stream.onGone(() => asking.abort());
  }

  #introduction({ id }: RpcRequest): string {
    const result = {
      resultType: "complete",
      supportedVersions: [STATELESS_VERSION],
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        completions: {},
        logging: {},
        extensions: { [TASKS_EXTENSION]: {} },
      },
      instructions:
        "Many MCP servers behind one policy. Tools and prompts are named <server>.<name>, " +
        "resources mcp://<server>/<uri>. Lists show what may be used.",
      ttlMs: 0,
      cacheScope: "private",
      _meta: { [SERVER_INFO_KEY]: { name: "sallyport", version: this.#parts.version } },
    };
    return JSON.stringify({ jsonrpc: "2.0", id, result });
  }
}

function joinNews(upstream: Upstream, json: JsonObject, text: string): string {
  const { params } = json;
  const uri = isJsonObject(params) ? params["uri"] : undefined;
  if (typeof uri !== "string") return text;
  return setMemberAt(text, json, ["params", "uri"], JSON.stringify(joinUri(upstream.name, uri)));
}

/** In the words of a server that does not have it; a model can act on them. */
function nowhere({ id, method }: RpcRequest): string {
  if (method === "tools/call") {
    const text = "There is no such tool. Tools are named <server>.<tool>; tools/list shows them.";
    const result = { resultType: "complete", content: [{ type: "text", text }], isError: true };
    return JSON.stringify({ jsonrpc: "2.0", id, result });
  }
  const known =
    method === "prompts/get" || method === "resources/read" || method.startsWith("tasks/");
  const code = known ? RPC_INVALID_PARAMS : RPC_METHOD_NOT_FOUND;
  return errorText(id, code, `${method} names nothing here. Names begin with the server's.`);
}
