/**
 * One request of a session, carried out on a stateless server. When the server says
 * `input_required`, the client is asked in the way of its era, and the request is repeated with
 * what it answered.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { McpMethod } from "../../../core/action-classes.ts";
import { memberText, omitMembers, spliceMembers } from "../../set-members.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import { RPC_INTERNAL, type RpcId, type RpcRequest, type RpcResponse } from "../rpc-message.ts";
import { errorText, type AnswerStream } from "../transport/answer-stream.ts";
import { RESUME_MS } from "../transport/event-log.ts";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import { askMessages, BareStatus, type Asking } from "./answer-reader.ts";
import { sayStatus } from "./say-status.ts";
import type { FrontSession, RunningCall } from "./front-session.ts";
import { inSession } from "./session-question.ts";
import type { SessionTasks } from "./session-tasks.ts";
import { refusedAnswer } from "../tasks/task-question.ts";
import { TASKS_EXTENSION } from "../tasks/task-wish.ts";
import { FollowedTask, wantsTask, type Answer, type TaskFollower } from "./followed-task.ts";
import {
  CLIENT_CAPABILITIES_KEY,
  enveloped,
  newRequest,
  requestOf,
  setIn,
  statelessRequest,
} from "./stateless-message.ts";

/** How often a server may ask before it answers. */
const ROUNDS_MAX = 16;
/** Before a request is repeated for a server that only wants to be asked later. */
const LATER_MS = 500;
const TASK_REQUEST = "task";

export interface FrontedParts {
  readonly side: McpServerSide;
  readonly session: FrontSession;
  readonly base: McpRequest;
  readonly method: McpMethod;
  readonly sent: SentMessage;
  readonly request: RpcRequest;
  readonly tasks: SessionTasks | undefined;
}

export class FrontedCall implements RunningCall, TaskFollower {
  readonly id: RpcId;
  readonly #parts: FrontedParts;
  readonly #number: number;
  /** Undefined while its client is away and may come back. */
  #stream: AnswerStream | undefined;
  #leaving: NodeJS.Timeout | undefined;
  #asking: Asking | undefined;
  #rounds = 0;
  #over = false;
  /** The server makes the call as a task only, and is told that tasks are taken here. */
  #takesTask = false;
  #followed: FollowedTask | undefined;

  constructor(parts: FrontedParts, stream: AnswerStream) {
    this.#parts = parts;
    this.id = parts.request.id;
    this.#number = parts.session.run(this);
    this.#attach(stream);
  }

  start(): void {
    const { sent, session } = this.#parts;
    this.#ask(enveloped(sent, session.envelope));
  }

  #ask(text: string): void {
    const { side, base, method } = this.#parts;
    const request = statelessRequest(base, method, requestOf(text));
    let answered = false;
    this.#asking = askMessages(side, request, {
      message: (message, json) => {
        if (message.kind === "notification" && !answered) this.#say(json);
        if (message.kind !== "response" || answered) return;
        answered = true;
        this.#hear(message, json, text);
      },
      ended: (error) => {
        if (!answered) this.#fail(error);
      },
    });
  }

  #hear(message: RpcResponse, json: string, asked: string): void {
    const { result } = message;
    if (this.#parts.method === "tools/call" && !this.#takesTask && wantsTask(message)) {
      this.#takesTask = true;
      return this.#ask(setIn(asked, ["params", "_meta", CLIENT_CAPABILITIES_KEY], this.#taking()));
    }
    if (this.#takesTask && result?.["resultType"] === "task") return this.#follow(result);
    if (result?.["resultType"] !== "input_required")
      return this.conclude(this.#shown(message, json));
    this.answerFor(result).then(
      (answers) => {
        if (this.#over) return;
        if (answers === undefined) return this.problem("The client did not answer the server.");
        let again = asked;
        if (answers !== "later") again = setIn(again, ["params", "inputResponses"], answers);
        const state = result["requestState"];
        if (typeof state === "string") again = setIn(again, ["params", "requestState"], state);
        this.#ask(again);
      },
      (error: unknown) => this.#fail(error instanceof Error ? error : undefined),
    );
  }

  #shown(message: RpcResponse, json: string): string {
    const { method, tasks } = this.#parts;
    const said = inSessionWords(message, json);
    return method === "tools/list" && tasks !== undefined ? tasks.listed(said) : said;
  }

  #follow(standing: JsonObject): void {
    const { taskId } = standing;
    if (typeof taskId !== "string") return this.problem("The server's task has no name.");
    this.#followed = new FollowedTask(taskId, this);
    this.#followed.follow(standing);
  }

  /** What the client can do, and that tasks are taken here. */
  #taking(): JsonObject {
    const { capabilities } = this.#parts.session.envelope;
    const can = isJsonObject(capabilities) ? capabilities : {};
    return { ...can, extensions: { [TASKS_EXTENSION]: {} } };
  }

  request(method: McpMethod, params: JsonObject): Promise<Answer | undefined> {
    const { side, base, session } = this.#parts;
    const envelope = { ...session.envelope, capabilities: this.#taking() };
    const sent = requestOf(enveloped(newRequest(TASK_REQUEST, method, params), envelope));
    return new Promise((resolve) => {
      let heard: Answer | undefined;
      askMessages(side, statelessRequest(base, method, sent), {
        message: (message, text) => {
          if (message.kind === "response") heard ??= { message, text };
        },
        ended: () => resolve(heard),
      });
    });
  }

  /** `later`: there was nothing to ask. Undefined: the client cannot, or will not, answer. */
  async answerFor({ inputRequests }: JsonObject): Promise<JsonObject | "later" | undefined> {
    this.#rounds += 1;
    if (this.#rounds > ROUNDS_MAX) return undefined;
    if (!isJsonObject(inputRequests) || Object.keys(inputRequests).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, LATER_MS));
      return "later";
    }
    const answers = await Promise.all(
      Object.entries(inputRequests).map(async ([key, wanted]) => {
        const answer = isJsonObject(wanted) ? await this.#question(wanted) : undefined;
        return [key, answer] as const;
      }),
    );
    const given: Record<string, JsonValue> = {};
    for (const [key, answer] of answers) {
      if (answer === undefined) return undefined;
      given[key] = answer;
    }
    return given;
  }

  async #question({ method, params }: JsonObject): Promise<JsonObject | undefined> {
    if (typeof method !== "string") return undefined;
    const asked = isJsonObject(params) ? params : {};
    const { session } = this.#parts;
    const say = (json: string): void => this.#say(json);
    const answer = await session.question(method, inSession(method, asked), say);
    if (answer?.result !== undefined) return answer.result;
    return refusedAnswer(method);
  }

  #say(json: string): void {
    const { session } = this.#parts;
    const eventId = session.log(this.#number, json);
    this.#stream?.event(json, eventId);
  }

  conclude(json: string): void {
    if (this.#over) return;
    this.#close();
    const { session } = this.#parts;
    const stream = this.#stream;
    const resumable = stream === undefined || stream.streaming;
    const eventId = resumable ? session.log(this.#number, json) : undefined;
    stream?.conclude(json, eventId);
  }

  problem(why: string): void {
    this.conclude(errorText(this.id, RPC_INTERNAL, why));
  }

  #fail(error: Error | undefined): void {
    if (this.#over) return;
    const stream = this.#stream;
    if (stream === undefined) return this.problem("The MCP server broke off.");
    this.#close();
    if (error instanceof BareStatus && !stream.streaming) return this.#sayStatus(stream, error);
    stream.fail(error ?? new Error("the MCP server ended without an answer"));
  }

  /** To a client with a session, 404 would say that the session is over, which is not so. */
  #sayStatus(stream: AnswerStream, error: BareStatus): void {
    if (error.status !== 404) return sayStatus(stream, this.id, error);
    stream.reply(502, errorText(this.id, RPC_INTERNAL, error.message));
  }

  /** The client said so: no answer follows. */
  cancel(): void {
    const stream = this.#stream;
    this.#end();
    stream?.open();
    stream?.end();
  }

  resume(stream: AnswerStream): void {
    clearTimeout(this.#leaving);
    this.#attach(stream);
  }

  #attach(stream: AnswerStream): void {
    this.#stream = stream;
    stream.onGone(() => {
      if (this.#stream === stream) this.#left(stream);
    });
  }

  /** Who has an event id may come back for the rest; who has none never hears the answer. */
  #left(stream: AnswerStream): void {
    if (this.#over) return;
    this.#stream = undefined;
    if (stream.streaming) this.#leaving = setTimeout(() => this.#end(), RESUME_MS).unref();
    else this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#close();
    this.#asking?.abort();
    this.#followed?.abandon();
  }

  #close(): void {
    this.#over = true;
    clearTimeout(this.#leaving);
    this.#parts.session.done(this.#number);
  }
}

/** What a result says only in the stateless era. */
const STATELESS_MEMBERS = ["resultType", "ttlMs", "cacheScope"];

function inSessionWords({ json, result }: RpcResponse, text: string): string {
  if (result === undefined) return text;
  const kept = omitMembers(memberText(text, "result") ?? "{}", result, STATELESS_MEMBERS);
  return spliceMembers(text, json, [["result", kept]]);
}
