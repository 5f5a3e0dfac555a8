/**
 * Sallyport as an MCP server of both eras. It stands behind the gate like any other upstream: what
 * comes here has been judged, recorded and paid for; sessions it has none.
 */
import type { Dispatcher } from "undici";
import { OWN_SERVER } from "../../../core/own-server.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { Principal } from "../../../core/principal.ts";
import type { Task, TaskCall } from "../../../core/task/task.ts";
import type { Departure, UpstreamTransport } from "../../upstream-transport.ts";
import { SESSION_VERSION, SESSION_VERSIONS } from "../era/session-versions.ts";
import { CLIENT_CAPABILITIES_KEY, saysCapabilities } from "../era/stateless-message.ts";
import type { Era } from "../methods.ts";
import { McpInterpretation, type SentMessage } from "../mcp-interpretation.ts";
import { STATELESS_VERSIONS } from "../protocol-era.ts";
import { RPC_INVALID_PARAMS, RPC_METHOD_NOT_FOUND, type RpcRequest } from "../rpc-message.ts";
import { AnswerStream, errorText } from "../transport/answer-stream.ts";
import { errorOf } from "../../../lib/caught.ts";
import { withTaskCapability, withTasks } from "../tasks/offer-tasks.ts";
import { pendingReviewIn } from "../tasks/state-after.ts";
import { storedCall } from "../tasks/stored-call.ts";
import type { TaskDesk } from "../tasks/task-desk.ts";
import { declaresTasks } from "../tasks/task-wish.ts";
import { createdText } from "../tasks/task-words.ts";
import {
  OWN_TOOL_LIST,
  OWN_TOOL_LIST_2025,
  runOwnTool,
  type OwnAnswer,
  type OwnToolParts,
} from "./own-tools.ts";

const INSTRUCTIONS =
  "Ask check_permission before a call that may be denied, budget_status before costly work, and " +
  "request_approval where a person must say yes.";

const NO_ARGUMENTS: JsonObject = {};
const OFFERED: ReadonlySet<string> = new Set([
  "initialize",
  "server/discover",
  "ping",
  "tools/list",
  "tools/call",
]);
const CAPABILITIES_2026 = withTaskCapability({ tools: {} }, "2026");

export interface OwnServerParts extends OwnToolParts {
  readonly tasks: Pick<TaskDesk, "keep">;
}

export class OwnServer implements UpstreamTransport {
  readonly #parts: OwnServerParts;
  readonly #info: JsonObject;

  constructor(parts: OwnServerParts, version: string) {
    this.#parts = parts;
    this.#info = { name: OWN_SERVER, title: "Sallyport", version };
  }

  dispatch({ method, interpretation }: Departure, handler: Dispatcher.DispatchHandler): void {
    if (!(interpretation instanceof McpInterpretation)) throw new TypeError("not an MCP exchange");
    const answer = new AnswerStream(handler);
    const { sent, question } = interpretation;
    // There is neither a stream nor a session: GET and DELETE are declined, as MCP has it.
    if (method !== "POST") return answer.status(405);
    if (sent?.message.kind !== "request") return answer.status(202);
    const era = question.kind === "request" ? question.era : "2025";
    const { id, params } = sent.message;
    if (era === "2026" && !saysCapabilities(params)) {
      const why = `_meta["${CLIENT_CAPABILITIES_KEY}"] is missing`;
      return answer.reply(400, errorText(id, RPC_INVALID_PARAMS, why));
    }
    const { method: asked } = sent.message;
    if (!OFFERED.has(asked)) {
      const why = `${asked} is not offered here: this server has tools only.`;
      return answer.reply(era === "2026" ? 404 : 200, errorText(id, RPC_METHOD_NOT_FOUND, why));
    }
    void this.#answer(sent, era, interpretation).then(
      (text) => answer.reply(200, text),
      (error: unknown) => answer.fail(errorOf(error)),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #answer(sent: SentMessage, era: Era, interpretation: McpInterpretation): Promise<string> {
    const { message: request, text } = sent;
    if (request.kind !== "request") throw new TypeError("nobody waits for an answer");
    const { id, method, params } = request;
    switch (method) {
      case "initialize":
        return this.#result(id, "2025", this.#introduction(params));
      case "server/discover":
        return this.#result(id, era, {
          supportedVersions: STATELESS_VERSIONS,
          capabilities: CAPABILITIES_2026,
          instructions: INSTRUCTIONS,
          ...UNCACHED,
        });
      case "ping":
        return this.#result(id, era, {});
      case "tools/list":
        if (era === "2025") return this.#result(id, era, { tools: OWN_TOOL_LIST_2025 });
        return this.#result(id, era, { tools: OWN_TOOL_LIST, ...UNCACHED });
      default:
        return this.#call(request, text, era, interpretation);
    }
  }

  #introduction(params: JsonObject | undefined): JsonObject {
    const asked = params?.["protocolVersion"];
    const known = typeof asked === "string" && SESSION_VERSIONS.includes(asked);
    const introduction = {
      protocolVersion: known ? asked : SESSION_VERSION,
      capabilities: { tools: {} },
      serverInfo: this.#info,
      instructions: INSTRUCTIONS,
    };
    return withTasks(introduction, "2025");
  }

  async #call(
    { id, params }: RpcRequest,
    text: string,
    era: Era,
    { exchange, principal }: McpInterpretation,
  ): Promise<string> {
    const name = params?.["name"];
    const given = params?.["arguments"];
    const args = isJsonObject(given) ? given : NO_ARGUMENTS;
    const tool = typeof name === "string" ? name : "";
    const answer = await runOwnTool(tool, { exchange, principal, args }, this.#parts);
    if (answer === undefined) return errorText(id, RPC_INVALID_PARAMS, `there is no tool ${tool}`);
    const takesTask = era === "2026" && declaresTasks(params);
    const call = takesTask ? storedCall(text, {}, params) : undefined;
    const task = call && (await this.#kept(call, answer, principal));
    return task === undefined
      ? this.#result(id, era, contentOf(answer))
      : createdText(task, id, era);
  }

  /** An answer that waits for a person, as a task: made once more when that person has spoken. */
  async #kept(call: TaskCall, answer: OwnAnswer, principal: Principal): Promise<Task | undefined> {
    const name = pendingReviewIn(contentOf(answer));
    if (name === undefined) return undefined;
    const { ports, tasks } = this.#parts;
    const review = await ports.reviews.find(principal.tenant, name).catch(() => undefined);
    if (review === undefined) return undefined;
    return tasks.keep({ principal, upstream: OWN_SERVER, call }, review);
  }

  #result(id: RpcRequest["id"], era: Era, result: JsonObject): string {
    const shown: JsonObject =
      era === "2025" ? result : { resultType: "complete", ...result, _meta: this.#meta() };
    return JSON.stringify({ jsonrpc: "2.0", id, result: shown });
  }

  #meta(): JsonObject {
    return { "io.modelcontextprotocol/serverInfo": this.#info };
  }
}

/** What is offered depends on who asks, and on policy as it is now. */
const UNCACHED = { ttlMs: 0, cacheScope: "private" } as const;

function contentOf(answer: OwnAnswer): JsonObject {
  const content = [{ type: "text", text: answer.text }];
  if (answer.kind === "fault") return { content, isError: true };
  return { content, structuredContent: answer.data };
}
