/** The way to one MCP server, on which tasks of ours are answered before they get there. */
import type { Dispatcher } from "undici";
import { isJsonArray, type JsonObject } from "../../../core/json.ts";
import { isOurTask, isOver } from "../../../core/task/task.ts";
import type { Upstream } from "../../../core/upstream.ts";
import type { Departure, UpstreamTransport } from "../../upstream-transport.ts";
import { readMessages } from "../era/answer-reader.ts";
import { McpInterpretation } from "../mcp-interpretation.ts";
import type { RequestQuestion } from "../question.ts";
import { RPC_INTERNAL, RPC_INVALID_PARAMS, type RpcId, type RpcResponse } from "../rpc-message.ts";
import { AnswerStream, errorText } from "../transport/answer-stream.ts";
import { mcpRequestOf } from "../transport/mcp-request-of.ts";
import type { Asker, TaskDesk } from "./task-desk.ts";
import {
  acknowledgedText,
  cancelledText,
  resultText,
  standingText,
  taskShown,
} from "./task-words.ts";

/** A quick tool's answer is there with the look that made it run. */
const BRIEF_MS = 1_000;
/** Clients give a request 60 s (the SDKs' default). */
const RESULT_WAIT_MS = 50_000;

export class TaskedTransport implements UpstreamTransport {
  readonly #upstream: Upstream;
  readonly #way: UpstreamTransport;
  readonly #desk: TaskDesk;

  constructor(upstream: Upstream, way: UpstreamTransport, desk: TaskDesk) {
    this.#upstream = upstream;
    this.#way = way;
    this.#desk = desk;
  }

  dispatch(departure: Departure, handler: Dispatcher.DispatchHandler): unknown {
    const { interpretation } = departure;
    if (!(interpretation instanceof McpInterpretation)) throw new TypeError("not an MCP exchange");
    const { question, action } = interpretation;
    if (question.kind !== "request" || !question.method.startsWith("tasks/")) {
      return this.#way.dispatch(departure, handler);
    }
    if (question.method === "tasks/list") return this.#list(departure, question, handler);
    const name = action.kind === "mcp" ? action.name : undefined;
    if (name === undefined || !isOurTask(name)) return this.#way.dispatch(departure, handler);
    const { exchange, principal } = interpretation;
    const stream = new AnswerStream(handler);
    const gone = new AbortController();
    stream.onGone(() => gone.abort());
    const asker = { exchange, principal, upstream: this.#upstream };
    void this.#answer(asker, question, name, gone.signal).then(
      (text) => stream.conclude(text),
      (error: unknown) => stream.fail(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  }

  close(): Promise<void> {
    return this.#way.close();
  }

  async #answer(
    asker: Asker,
    { id, method, era }: RequestQuestion,
    name: string,
    gone: AbortSignal,
  ): Promise<string> {
    const task = await this.#desk.find(asker, name);
    if (task === undefined) return errorText(id, RPC_INVALID_PARAMS, "There is no such task.");
    if (method === "tasks/get") {
      return standingText(await this.#desk.look(asker, task, BRIEF_MS), id, era);
    }
    if (method === "tasks/result") {
      const settled = await this.#desk.settled(asker, task, RESULT_WAIT_MS, gone);
      return isOver(settled) ? resultText(settled, id) : errorText(id, RPC_INTERNAL, STILL);
    }
    // Nothing of ours waits for a client's input: there is nothing to update.
    const cancelled = method === "tasks/cancel" ? await this.#desk.cancel(task) : undefined;
    if (cancelled !== undefined) return cancelledText(cancelled, id, era);
    // An acknowledgement says nothing of what comes of it; the 2025 era wants to be told.
    if (era === "2026") return acknowledgedText(id);
    return errorText(id, RPC_INVALID_PARAMS, "The task is over already.");
  }

  /** Ours before the server's, which may have none. */
  #list(
    departure: Departure,
    { id, era }: RequestQuestion,
    handler: Dispatcher.DispatchHandler,
  ): unknown {
    const request = mcpRequestOf(departure);
    const { message } = request.sent ?? {};
    const params = message?.kind === "request" ? message.params : undefined;
    // Ours are on the first page.
    if (params?.["cursor"] !== undefined) return this.#way.dispatch(departure, handler);
    const stream = new AnswerStream(handler);
    const fail = (error: unknown): void =>
      stream.fail(error instanceof Error ? error : new Error(String(error)));
    const merge = async (theirs: RpcResponse | undefined): Promise<void> => {
      const ours = await this.#desk.list(request.principal, this.#upstream.name);
      const shown = ours.map((task) => taskShown(task, era));
      stream.conclude(listText(id, shown, theirs));
    };
    let heard: RpcResponse | undefined;
    const ask = (reader: Dispatcher.DispatchHandler): unknown =>
      this.#way.dispatch(departure, reader);
    const asking = readMessages(ask, {
      message: (said) => {
        if (said.kind === "response") heard = said;
      },
      ended: () => void merge(heard).catch(fail),
    });
    stream.onGone(() => asking.abort());
    return undefined;
  }
}

const STILL = "The task still works: ask for its result later, or ask how it stands.";

function listText(id: RpcId, ours: readonly JsonObject[], theirs: RpcResponse | undefined): string {
  const { tasks, nextCursor } = theirs?.result ?? {};
  const all = isJsonArray(tasks) ? [...ours, ...tasks] : ours;
  const result = { tasks: all, ...(nextCursor !== undefined && { nextCursor }) };
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}
