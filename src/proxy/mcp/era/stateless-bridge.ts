/** Clients of the 2026 era before a server of the 2025 era. */
import type { Dispatcher } from "undici";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { RPC_INVALID_PARAMS, RPC_METHOD_NOT_FOUND, type RpcRequest } from "../rpc-message.ts";
import { AnswerStream, errorText } from "../transport/answer-stream.ts";
import { ownerOf, type McpRequest, type McpServerSide } from "../transport/mcp-request.ts";
import { metaOf } from "../transport/message-meta.ts";
import { errorOf } from "../../../lib/caught.ts";
import { BareStatus } from "./answer-reader.ts";
import { sayStatus } from "./say-status.ts";
import { SessionLost } from "./session-lost.ts";
import { BridgedCall } from "./bridged-call.ts";
import { InitializeFailed, LegacyLink } from "./legacy-link.ts";
import { LinkNews } from "./link-news.ts";
import { Parking } from "./parking.ts";
import {
  CARRIED,
  CLIENT_CAPABILITIES_KEY,
  CLIENT_INFO_KEY,
  GATE_INFO,
  LOG_LEVEL_KEY,
  SERVER_INFO_KEY,
  STATELESS_VERSION,
} from "./stateless-message.ts";

interface Linked {
  readonly link: LegacyLink;
  readonly news: LinkNews;
  /** The last request that used it: its headers carry the credential. */
  base: McpRequest;
}

/** Sessions held open; the one not used for the longest is ended for a new one. */
const LINKS_MAX = 256;

export class StatelessBridge implements McpServerSide {
  readonly #side: McpServerSide;
  readonly #links = new Map<string, Linked>();
  readonly #parking = new Parking();

  readonly #onRefused: () => void;

  /** `onRefused`: the server opens no session, so it may have become one without. */
  constructor(side: McpServerSide, onRefused: () => void) {
    this.#side = side;
    this.#onRefused = onRefused;
  }

  ask(request: McpRequest, handler: Dispatcher.DispatchHandler): void {
    const stream = new AnswerStream(handler);
    if (stream.over) return;
    const message = request.sent?.message;
    // Of the stateless era's notifications a server with sessions understands none.
    if (message?.kind !== "request") return stream.status(202);
    this.#serve(request, message, stream).catch((error: unknown) => {
      if (error instanceof InitializeFailed) this.#onRefused();
      tellFailure(stream, message, error);
    });
  }

  close(): Promise<void> {
    this.#parking.clear();
    for (const { link, base } of this.#links.values()) link.close(base);
    this.#links.clear();
    return this.#side.close();
  }

  async #serve(base: McpRequest, request: RpcRequest, stream: AnswerStream): Promise<void> {
    const { question, sent } = base;
    if (question.kind !== "request" || sent === undefined) return;
    const { method } = question;
    const { id, params } = request;
    if (params?.["requestState"] !== undefined) return this.#resume(request, stream);
    const { link, news } = this.#linked(base, params);
    await link.open(base);
    if (CARRIED.has(method)) {
      await logAt(link, base, metaOf(params)?.[LOG_LEVEL_KEY]);
      const parts = { link, base, method, sent, request, lot: this.#parking };
      return new BridgedCall(parts, stream).start();
    }
    if (method === "server/discover") {
      return stream.reply(200, JSON.stringify({ jsonrpc: "2.0", id, result: discovery(link) }));
    }
    if (method !== "subscriptions/listen") {
      const why = `${method} needs a server of ${STATELESS_VERSION}; this one is older.`;
      return stream.reply(404, errorText(id, RPC_METHOD_NOT_FOUND, why));
    }
    const filter = params?.["notifications"];
    if (isJsonObject(filter)) news.add(base, id, filter, stream);
    else stream.reply(400, errorText(id, RPC_INVALID_PARAMS, "notifications is missing"));
  }

  #resume(request: RpcRequest, stream: AnswerStream): void {
    const call = this.#parking.take(request.params?.["requestState"], request);
    if (call !== undefined) return call.resume(request, stream);
    stream.reply(400, errorText(request.id, RPC_INVALID_PARAMS, NOT_HELD));
  }

  /** One for each run of an agent and each set of capabilities: servers fix these for a session. */
  #linked(base: McpRequest, params: JsonObject | undefined): Linked {
    const meta = metaOf(params);
    const capabilities = sessionCapabilities(meta?.[CLIENT_CAPABILITIES_KEY]);
    const { principal } = base;
    const key = JSON.stringify([ownerOf(principal), principal.session, capabilities]);
    const open = this.#links.get(key);
    if (open !== undefined) {
      this.#links.delete(key);
      this.#links.set(key, open);
      open.base = base;
      return open;
    }
    const link = new LegacyLink(this.#side, capabilities, meta?.[CLIENT_INFO_KEY] ?? GATE_INFO);
    const linked = { link, news: new LinkNews(link), base };
    this.#links.set(key, linked);
    if (this.#links.size > LINKS_MAX) this.#endOldest();
    return linked;
  }

  #endOldest(): void {
    for (const [key, { link, news, base }] of this.#links) {
      if (!news.quiet) continue;
      this.#links.delete(key);
      return link.close(base);
    }
  }
}

/** A server of sessions cannot be told an answer but in the session in which it asked. */
const NOT_HELD =
  "No call waits under this requestState: it was answered or waited too long, the gateway was " +
  "restarted meanwhile, or it is of another request. What the server did before it asked is not " +
  "known: look before you make the call again.";

function tellFailure(stream: AnswerStream, { id }: RpcRequest, error: unknown): void {
  if (error instanceof InitializeFailed && error.answer !== undefined) {
    stream.reply(200, JSON.stringify({ jsonrpc: "2.0", id, error: error.answer }));
  } else if (error instanceof InitializeFailed && error.cause instanceof BareStatus) {
    sayStatus(stream, id, error.cause);
  } else if (error instanceof BareStatus) {
    sayStatus(stream, id, error);
  } else {
    stream.fail(errorOf(error));
  }
}

async function logAt(
  link: LegacyLink,
  base: McpRequest,
  level: JsonValue | undefined,
): Promise<void> {
  try {
    await setLogLevel(link, base, level);
  } catch (error) {
    if (!(error instanceof SessionLost)) throw error;
    link.lose(error);
    await link.open(base);
    await setLogLevel(link, base, level);
  }
}

async function setLogLevel(
  link: LegacyLink,
  base: McpRequest,
  level: JsonValue | undefined,
): Promise<void> {
  const capabilities = link.initialized["capabilities"];
  const logs = isJsonObject(capabilities) && capabilities["logging"] !== undefined;
  if (level === undefined || !logs || link.logLevel === level) return;
  link.logLevel = level;
  await link.call(base, "logging/setLevel", { level }).catch(() => undefined);
}

/** Extensions belong to the stateless era. */
function sessionCapabilities(declared: JsonValue | undefined): JsonValue {
  if (!isJsonObject(declared)) return {};
  const { extensions: _, ...rest } = declared;
  return rest;
}

/** Private and not for long, because it is what this agent's session said. */
function discovery({ initialized }: LegacyLink): JsonObject {
  const { capabilities, serverInfo, instructions } = initialized;
  const { tasks: _, ...kept } = isJsonObject(capabilities) ? capabilities : {};
  return {
    resultType: "complete",
    supportedVersions: [STATELESS_VERSION],
    capabilities: kept,
    ...(instructions !== undefined && { instructions }),
    ttlMs: 0,
    cacheScope: "private",
    ...(serverInfo !== undefined && { _meta: { [SERVER_INFO_KEY]: serverInfo } }),
  };
}
