/**
 * One stateless request, carried out in a session of the 2025 era. Where the server asks its client
 * for something in the course of it, the client hears `input_required`; the call waits, and goes on
 * when the client repeats its request with the answers.
 */
import { canonicalJson } from "../../../lib/canonical-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { MCP_METHOD_CLASSES, type McpMethod } from "../../../core/action-classes.ts";
import { randomToken } from "../../../lib/ids.ts";
import { setMemberAt } from "../../set-members.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import { ASKED_OF_CLIENTS } from "../server-methods.ts";
import {
  RPC_METHOD_NOT_FOUND,
  type RpcId,
  type RpcMessage,
  type RpcRequest,
  type RpcResponse,
} from "../rpc-message.ts";
import type { AnswerStream } from "../transport/answer-stream.ts";
import type { McpRequest } from "../transport/mcp-request.ts";
import { metaOf, progressTokenOf } from "../transport/message-meta.ts";
import { addressed, numbered, numberIn, readdressed } from "../transport/renumber.ts";
import { BareStatus, type AnswerListener, type Asking } from "./answer-reader.ts";
import { sayStatus } from "./say-status.ts";
import type { LegacyLink } from "./legacy-link.ts";
import { LOG_LEVEL_KEY, newRequest, requestOf, setIn } from "./stateless-message.ts";

/** Calls that wait for their client; `park` gives the state that the client must bring back. */
export interface ParkingLot {
  park(call: BridgedCall): string;
}

export interface CallParts {
  readonly link: LegacyLink;
  readonly base: McpRequest;
  readonly method: McpMethod;
  readonly sent: SentMessage;
  readonly request: RpcRequest;
  readonly lot: ParkingLot;
}

/** What a server says while nobody listens. */
const HELD_MAX = 256;
const STATE_BYTES = 24;

export class BridgedCall implements AnswerListener {
  readonly #parts: CallParts;
  #number: number;
  /** What the server made of a call that it makes as a task only. */
  #task: string | undefined;
  #asking: Asking | undefined;
  #stream: AnswerStream | undefined;
  #id: RpcId;
  #token: JsonValue | undefined;
  /** What the server wants to know, by the key that the client answers under. */
  readonly #questions = new Map<string, RpcRequest>();
  readonly #held: (readonly [RpcMessage, string])[] = [];
  #retried = false;
  #over = false;

  constructor(parts: CallParts, stream: AnswerStream) {
    this.#parts = parts;
    this.#number = parts.link.nextNumber();
    this.#id = parts.request.id;
    this.#token = progressTokenOf(parts.request.params);
    this.#attach(stream);
  }

  start(): void {
    const { base, sent, request } = this.#parts;
    const text = numbered(sent, request, this.#number);
    this.#ask(requestOf(base.isTaskOnly === true ? setIn(text, ["params", "task"], {}) : text));
  }

  #ask(sent: SentMessage): void {
    const { link, base } = this.#parts;
    const number = this.#number;
    this.#asking = link.ask(base, sent, {
      message: (message, text) => this.message(message, text),
      ended: (error) => {
        if (this.#number === number) this.ended(error);
      },
    });
  }

  /** Whether a repetition asks for the same thing: what is carried out was judged as this one. */
  fits({ method, params }: RpcRequest): boolean {
    const { request } = this.#parts;
    if (method !== request.method) return false;
    return ["name", "uri", "arguments"].every(
      (key) =>
        canonicalJson(params?.[key] ?? null) === canonicalJson(request.params?.[key] ?? null),
    );
  }

  resume(again: RpcRequest, stream: AnswerStream): void {
    this.#id = again.id;
    this.#token = progressTokenOf(again.params);
    this.#attach(stream);
    const responses = again.params?.["inputResponses"];
    for (const [key, question] of this.#questions) {
      const answer = isJsonObject(responses) ? responses[key] : undefined;
      if (answer === undefined) continue;
      this.#questions.delete(key);
      this.#tell({ jsonrpc: "2.0", id: question.id, result: answer });
    }
    if (this.#questions.size > 0) return this.#askClient();
    for (const [message, text] of this.#held.splice(0)) this.message(message, text);
  }

  /** Nobody waits any more. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#asking?.abort();
    const params = { requestId: this.#number, reason: "the client does not wait any more" };
    this.#tell({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    const { link, base } = this.#parts;
    if (this.#task !== undefined) {
      link.call(base, "tasks/cancel", { taskId: this.#task }).catch(() => undefined);
    }
  }

  message(message: RpcMessage, text: string): void {
    if (this.#over) return;
    if (message.kind === "request") return this.#serverAsks(message);
    const stream = this.#stream;
    if (stream === undefined) {
      if (this.#held.length < HELD_MAX) this.#held.push([message, text]);
      return;
    }
    if (message.kind === "response") return this.#conclude(stream, message, text);
    const { link, request } = this.#parts;
    if (numberIn(message) === this.#number) {
      stream.event(readdressed(message, text, this.#id, this.#token));
    } else if (message.method === "notifications/message") {
      const wanted = metaOf(request.params)?.[LOG_LEVEL_KEY];
      if (wanted !== undefined && link.logLevel !== undefined) stream.event(text);
    }
  }

  ended(error: Error | undefined): void {
    // What came while the client was asked is said once it is back.
    if (this.#over || this.#held.some(([message]) => message.kind === "response")) return;
    const isLost = error instanceof BareStatus && error.status === 404;
    if (isLost && !this.#retried && this.#task === undefined) {
      this.#retried = true;
      void this.#again();
      return;
    }
    this.#over = true;
    const stream = this.#stream;
    if (stream === undefined) return;
    if (error instanceof BareStatus) return sayStatus(stream, this.#id, error);
    stream.fail(error ?? new Error("the MCP server ended without an answer"));
  }

  /** The session is gone: once more in a new one, because nothing was carried out. */
  async #again(): Promise<void> {
    const { link, base } = this.#parts;
    link.lose();
    try {
      await link.open(base);
      this.start();
    } catch (error) {
      this.ended(error instanceof Error ? error : undefined);
    }
  }

  #attach(stream: AnswerStream): void {
    this.#stream = stream;
    stream.onGone(() => {
      if (this.#stream === stream) this.cancel();
    });
  }

  #conclude(stream: AnswerStream, message: RpcResponse, text: string): void {
    if (message.id !== this.#number) return;
    const task = this.#task === undefined ? message.result?.["task"] : undefined;
    const name = isJsonObject(task) ? task["taskId"] : undefined;
    if (this.#parts.base.isTaskOnly === true && typeof name === "string") return this.#wait(name);
    this.#over = true;
    const mine = addressed(message, text, this.#id);
    stream.conclude(
      message.result === undefined ? mine : complete(mine, message, this.#parts.method),
    );
  }

  /** Its result comes when there is one, with the server's questions before it. */
  #wait(task: string): void {
    this.#task = task;
    this.#number = this.#parts.link.nextNumber();
    this.#ask(newRequest(this.#number, "tasks/result", { taskId: task }));
  }

  #serverAsks(question: RpcRequest): void {
    const { id, method } = question;
    if (method === "ping") return this.#tell({ jsonrpc: "2.0", id, result: {} });
    if (!ASKED_OF_CLIENTS.has(method)) {
      const error = { code: RPC_METHOD_NOT_FOUND, message: `${method} is not known here` };
      return this.#tell({ jsonrpc: "2.0", id, error });
    }
    this.#questions.set(`${typeof id}-${id}`, question);
    if (this.#stream !== undefined) this.#askClient();
  }

  #askClient(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    const inputRequests: Record<string, JsonValue> = {};
    for (const [key, { method, params }] of this.#questions) {
      inputRequests[key] = params === undefined ? { method } : { method, params };
    }
    const requestState = this.#parts.lot.park(this);
    const result = { resultType: "input_required", inputRequests, requestState };
    stream?.conclude(JSON.stringify({ jsonrpc: "2.0", id: this.#id, result }));
  }

  #tell(message: JsonObject): void {
    void this.#parts.link.tell(this.#parts.base, message);
  }
}

/** What a stateless client needs beside what a server of the 2025 era says. */
function complete(text: string, { json, result }: RpcResponse, method: McpMethod): string {
  let whole = setMemberAt(text, json, ["result", "resultType"], `"complete"`);
  if (MCP_METHOD_CLASSES[method] !== "list" && method !== "resources/read") return whole;
  const now: JsonObject = { ...json, result: { ...result, resultType: "complete" } };
  whole = setMemberAt(whole, now, ["result", "ttlMs"], "0");
  return setMemberAt(whole, now, ["result", "cacheScope"], `"private"`);
}

/** Calls that wait for an answer of their client, each under a state that nobody can guess. */
export class Parking implements ParkingLot {
  readonly #calls = new Map<
    string,
    { readonly call: BridgedCall; readonly timer: NodeJS.Timeout }
  >();

  park(call: BridgedCall): string {
    const state = randomToken(STATE_BYTES);
    if (this.#calls.size >= PARKED_MAX) this.#drop(this.#calls.keys().next().value ?? "");
    const timer = setTimeout(() => this.#drop(state), PARKED_MS).unref();
    this.#calls.set(state, { call, timer });
    return state;
  }

  /** Good once. Undefined: unknown, spent, expired, or of another request. */
  take(state: JsonValue | undefined, request: RpcRequest): BridgedCall | undefined {
    const parked = typeof state === "string" ? this.#calls.get(state) : undefined;
    if (typeof state !== "string" || parked?.call.fits(request) !== true) return undefined;
    clearTimeout(parked.timer);
    this.#calls.delete(state);
    return parked.call;
  }

  clear(): void {
    for (const state of this.#calls.keys()) this.#drop(state);
  }

  #drop(state: string): void {
    const parked = this.#calls.get(state);
    this.#calls.delete(state);
    clearTimeout(parked?.timer);
    parked?.call.cancel();
  }
}

const PARKED_MAX = 1024;
const PARKED_MS = 300_000;
