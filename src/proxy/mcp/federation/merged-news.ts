/** What the members say unasked, on one stream: each is listened to by itself, and again if it ends. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { isOpenTo, type Upstream } from "../../../core/upstream.ts";
import { CHANGES, urisOf } from "../era/link-news.ts";
import { askMessages, type Asking } from "../era/answer-reader.ts";
import { requestOf, setIn, statelessRequest } from "../era/stateless-message.ts";
import type { ListNews, NewsListener } from "../news/list-news.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import type { RpcId, RpcNotification } from "../rpc-message.ts";
import type { AnswerStream } from "../transport/answer-stream.ts";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import { SUBSCRIPTION_KEY } from "../transport/message-meta.ts";
import { joinName, joinUri, splitName, splitUri, type Members } from "./namespace.ts";

const AGAIN_MS = 30_000;

export interface NewsAsk {
  readonly base: McpRequest;
  readonly id: RpcId;
  readonly filter: JsonObject;
  readonly sent: SentMessage;
  readonly members: Members;
  readonly side: (upstream: Upstream) => McpServerSide;
  readonly news: ListNews;
}

export function mergeNews(ask: NewsAsk, stream: AnswerStream): void {
  const { id, filter, members } = ask;
  const params = { notifications: filter, _meta: { [SUBSCRIPTION_KEY]: id } };
  const method = "notifications/subscriptions/acknowledged";
  stream.event(JSON.stringify({ jsonrpc: "2.0", method, params }));
  const { tenant } = ask.base.principal;
  const changes = new Changes(id, filter, stream);
  ask.news.listen(changes);
  const heard = { ask, stream, changes };
  for (const upstream of members.values()) {
    if (!isOpenTo(upstream, tenant)) continue;
    const theirs = filterFor(upstream, filter, members);
    if (Object.keys(theirs).length > 0) new Listening(heard, upstream, theirs).start();
  }
}

/** How long the same word of several members counts as one. */
const TOGETHER_MS = 50;

/** That lists have changed, by a member's word or the gate's own: once for all of them. */
class Changes implements NewsListener {
  readonly #id: RpcId;
  readonly #wanted: readonly string[];
  readonly #stream: AnswerStream;
  readonly #due = new Set<string>();

  constructor(id: RpcId, filter: JsonObject, stream: AnswerStream) {
    this.#id = id;
    this.#wanted = Object.keys(CHANGES).filter((method) => filter[CHANGES[method] ?? ""] === true);
    this.#stream = stream;
  }

  get gone(): boolean {
    return this.#stream.over;
  }

  tell(): void {
    for (const method of this.#wanted) this.note(method);
  }

  note(method: string): void {
    if (this.#due.size === 0) setTimeout(() => this.#say(), TOGETHER_MS).unref();
    this.#due.add(method);
  }

  #say(): void {
    const params = { _meta: { [SUBSCRIPTION_KEY]: this.#id } };
    for (const method of this.#due) {
      this.#stream.event(JSON.stringify({ jsonrpc: "2.0", method, params }));
    }
    this.#due.clear();
  }
}

interface Heard {
  readonly ask: NewsAsk;
  readonly stream: AnswerStream;
  readonly changes: Changes;
}

class Listening {
  readonly #ask: NewsAsk;
  readonly #upstream: Upstream;
  readonly #filter: JsonObject;
  readonly #stream: AnswerStream;
  readonly #changes: Changes;
  #asking: Asking | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor({ ask, stream, changes }: Heard, upstream: Upstream, filter: JsonObject) {
    this.#ask = ask;
    this.#changes = changes;
    this.#upstream = upstream;
    this.#filter = filter;
    this.#stream = stream;
    stream.onGone(() => {
      clearTimeout(this.#again);
      this.#asking?.abort();
    });
  }

  start(): void {
    const { base, sent, side } = this.#ask;
    const text = setIn(sent.text, ["params", "notifications"], this.#filter);
    const request = statelessRequest(base, "subscriptions/listen", requestOf(text));
    this.#asking = askMessages(side(this.#upstream), request, {
      message: (message) => {
        if (message.kind === "notification") this.#hear(message);
      },
      ended: () => {
        if (!this.#stream.over) this.#again = setTimeout(() => this.start(), AGAIN_MS).unref();
      },
    });
  }

  #hear({ method, params, json }: RpcNotification): void {
    if (method === "notifications/subscriptions/acknowledged") return;
    if (CHANGES[method] !== undefined) return this.#changes.note(method);
    const uri = params?.["uri"];
    const { name } = this.#upstream;
    const task = params?.["taskId"];
    const joined = {
      ...(typeof uri === "string" && { uri: joinUri(name, uri) }),
      ...(typeof task === "string" && { taskId: joinName(name, task) }),
    };
    const meta = { ...metaIn(params), [SUBSCRIPTION_KEY]: this.#ask.id };
    this.#stream.event(JSON.stringify({ ...json, params: { ...params, ...joined, _meta: meta } }));
  }
}

function metaIn(params: JsonObject | undefined): JsonObject {
  const meta: JsonValue | undefined = params?.["_meta"];
  return isJsonObject(meta) ? meta : {};
}

/** Changes are of interest from everybody, a resource or a task only from its owner. */
function filterFor(upstream: Upstream, filter: JsonObject, members: Members): JsonObject {
  const { resourceSubscriptions: _, taskIds, ...changes } = filter;
  const uris = urisOf(filter).flatMap((uri) => {
    const found = splitUri(uri, members);
    return found?.upstream === upstream ? [found.rest] : [];
  });
  const tasks = (isJsonArray(taskIds) ? taskIds : []).flatMap((task) => {
    const found = typeof task === "string" ? splitName(task, members) : undefined;
    return found?.upstream === upstream ? [found.rest] : [];
  });
  return {
    ...changes,
    ...(uris.length > 0 && { resourceSubscriptions: uris }),
    ...(tasks.length > 0 && { taskIds: tasks }),
  };
}
