/**
 * One conversation over a message channel, served as Streamable HTTP: many requests in flight, each
 * with its own answer stream, and one stream for what the server says unasked. Ids and progress
 * tokens are replaced on the way, so that no two requests can be taken for each other.
 */
import type { JsonValue } from "../../../core/json.ts";
import type { Millis } from "../../../core/units.ts";
import { impossible } from "../../../lib/impossible.ts";
import { setMemberAt } from "../../set-members.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import {
  RPC_INTERNAL,
  RPC_INVALID_REQUEST,
  RPC_METHOD_NOT_FOUND,
  type RpcId,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
} from "../rpc-message.ts";
import { errorText, type AnswerStream } from "./answer-stream.ts";
import { EventLog, LISTENING, RESUME_MS } from "./event-log.ts";
import { progressTokenOf } from "./message-meta.ts";
import { addressed, numbered, numberIn, readdressed } from "./renumber.ts";
import type { ChannelListener, MessageChannel, OpenChannel } from "./message-channel.ts";

export interface SessionParts {
  readonly open: OpenChannel;
  /** Many clients of the stateless era, in place of the one that owns a session. */
  readonly shared: boolean;
  readonly idle: Millis;
  /** From a request to the first word of its answer. */
  readonly patience: Millis;
  unreadable(): void;
  /** `reason` is undefined where it was ended on purpose. */
  ended(reason: Error | undefined): void;
}

interface Waiting {
  readonly id: RpcId;
  readonly token: JsonValue | undefined;
  /** Undefined while its client is away and may come back. */
  stream: AnswerStream | undefined;
  timer: NodeJS.Timeout;
}

const IN_FLIGHT_MAX = 256;
/** Said unasked while nobody listens; the oldest are dropped. */
const UNHEARD_MAX = 64;

export class ChannelSession implements ChannelListener {
  readonly #parts: SessionParts;
  readonly #channel: MessageChannel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #log = new EventLog();
  #listening: AnswerStream | undefined;
  #unheard: string[] = [];
  #asked = 0;
  #idle: NodeJS.Timeout | undefined;
  #over: Error | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#channel = parts.open(this);
    this.#touch();
  }

  /** Nobody waits or listens. */
  get resting(): boolean {
    return this.#waiting.size === 0 && this.#listening === undefined;
  }

  ask(sent: SentMessage, stream: AnswerStream): void {
    const { message } = sent;
    if (message.kind !== "request") return;
    if (this.#over !== undefined) return stream.fail(this.#over);
    const refusal = this.#cannotTake(message);
    if (refusal !== undefined) return stream.reply(200, refusal);
    const number = (this.#asked += 1);
    const token = progressTokenOf(message.params);
    const timer = setTimeout(() => this.#tooSlow(number), this.#parts.patience);
    this.#waiting.set(number, { id: message.id, token, stream, timer });
    stream.onGone(() => this.#left(number));
    this.#send(numbered(sent, message, number));
  }

  /** A notification, or the client's answer to the server. */
  tell({ text, message }: SentMessage): void {
    if (message.kind === "request" || this.#over !== undefined) return;
    if (message.kind === "notification" && message.method === "notifications/cancelled") {
      const number = this.#numberOf(message.params?.["requestId"]);
      if (number === undefined) return;
      const { stream } = this.#waiting.get(number) ?? {};
      this.#forget(number);
      this.#send(setMemberAt(text, message.json, ["params", "requestId"], `${number}`));
      stream?.open();
      stream?.end();
      return;
    }
    this.#send(text);
  }

  /** What the server says unasked, and what a client missed when its stream broke. */
  listen(stream: AnswerStream, lastEventId: string | undefined): void {
    if (this.#over !== undefined) return stream.fail(this.#over);
    this.#touch();
    stream.open();
    const missed = lastEventId === undefined ? undefined : this.#log.after(lastEventId);
    for (const { id, json } of missed?.events ?? []) stream.event(json, id);
    const number = Number(missed?.stream.slice(1));
    const waiting = this.#waiting.get(number);
    if (missed !== undefined && missed.stream !== LISTENING) {
      if (waiting === undefined) return stream.end();
      waiting.stream = stream;
      stream.onGone(() => this.#left(number));
      return;
    }
    this.#listening?.end();
    this.#listening = stream;
    stream.onGone(() => {
      if (this.#listening === stream) this.#listening = undefined;
    });
    for (const json of this.#unheard.splice(0)) this.#sayUnasked(json);
  }

  close(): void {
    if (this.#over !== undefined) return;
    this.#end(new Error("the session was ended"));
    this.#channel.close();
    this.#parts.ended(undefined);
  }

  message(message: RpcMessage, text: string): void {
    switch (message.kind) {
      case "response":
        return this.#answer(message, text);
      case "request":
        return this.#askClient(message, text);
      case "notification":
        return this.#notify(message, text);
      default:
        return impossible(message);
    }
  }

  unreadable(answered: number | undefined): void {
    this.#parts.unreadable();
    if (answered === undefined) return;
    const stream = this.#waiting.get(answered)?.stream;
    this.#forget(answered);
    stream?.fail(new UnreadableAnswer());
  }

  closed(reason: Error): void {
    if (this.#over !== undefined) return;
    this.#end(reason);
    this.#parts.ended(reason);
  }

  #end(reason: Error): void {
    this.#over = reason;
    clearTimeout(this.#idle);
    for (const { stream, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      stream?.fail(reason);
    }
    this.#waiting.clear();
    this.#listening?.end();
  }

  #cannotTake({ id }: RpcRequest): string | undefined {
    if (this.#waiting.size >= IN_FLIGHT_MAX) {
      return errorText(id, RPC_INTERNAL, "Too many calls of this session are in flight.");
    }
    if (!this.#parts.shared && this.#numberOf(id) !== undefined) {
      return errorText(id, RPC_INVALID_REQUEST, "A request with this id is in flight.");
    }
    return undefined;
  }

  /** An answer to nothing, a second one, or one that comes too late is dropped. */
  #answer(message: RpcResponse, text: string): void {
    const { id } = message;
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (typeof id !== "number" || waiting === undefined) return;
    const mine = addressed(message, text, waiting.id);
    const { stream } = waiting;
    this.#forget(id);
    const resumable = stream === undefined || stream.streaming;
    const eventId = resumable ? this.#log.add(`r${id}`, mine) : undefined;
    stream?.conclude(mine, eventId);
  }

  #notify(message: RpcNotification, text: string): void {
    const number = numberIn(message);
    const waiting = typeof number === "number" ? this.#waiting.get(number) : undefined;
    if (typeof number === "number" && waiting !== undefined) {
      return this.#say(number, waiting, readdressed(message, text, waiting.id, waiting.token));
    }
    // Of a call that is over, or that nobody asked about.
    if (number !== undefined) return;
    if (message.method === "notifications/message") return this.#sayInCourse(text);
    this.#sayUnasked(text);
  }

  #askClient({ id, method }: RpcRequest, text: string): void {
    if (!this.#parts.shared) return this.#sayInCourse(text);
    const problem = `${method} cannot be asked of a client of the stateless era`;
    this.#send(errorText(id, RPC_METHOD_NOT_FOUND, problem));
  }

  /** Over a channel nothing says which call it belongs to; the latest is most likely it. */
  #sayInCourse(text: string): void {
    for (const [number, waiting] of [...this.#waiting].toReversed()) {
      if (waiting.stream !== undefined) return this.#say(number, waiting, text);
    }
    this.#sayUnasked(text);
  }

  #say(number: number, waiting: Waiting, text: string): void {
    const { stream } = waiting;
    clearTimeout(waiting.timer);
    const eventId = this.#parts.shared ? undefined : this.#log.add(`r${number}`, text);
    stream?.event(text, eventId);
  }

  #sayUnasked(text: string): void {
    if (this.#parts.shared) return;
    if (this.#listening !== undefined) {
      this.#listening.event(text, this.#log.add(LISTENING, text));
      return;
    }
    this.#unheard.push(text);
    if (this.#unheard.length > UNHEARD_MAX) this.#unheard.shift();
  }

  /** Who has an event id may come back for the rest; who has none never hears the answer. */
  #left(number: number): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    const mayReturn = !this.#parts.shared && waiting.stream?.streaming === true;
    waiting.stream = undefined;
    if (mayReturn) waiting.timer = setTimeout(() => this.#cancel(number), RESUME_MS);
    else this.#cancel(number);
  }

  #tooSlow(number: number): void {
    const stream = this.#waiting.get(number)?.stream;
    this.#cancel(number);
    stream?.fail(new AnswerTimeout());
  }

  #cancel(number: number): void {
    this.#forget(number);
    const params = { requestId: number, reason: "nobody waits for it any more" };
    this.#send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params }));
  }

  #forget(number: number): void {
    clearTimeout(this.#waiting.get(number)?.timer);
    this.#waiting.delete(number);
    this.#touch();
  }

  #numberOf(id: JsonValue | undefined): number | undefined {
    for (const [number, waiting] of this.#waiting) if (waiting.id === id) return number;
    return undefined;
  }

  #send(text: string): void {
    this.#touch();
    this.#channel.send(text);
  }

  #touch(): void {
    clearTimeout(this.#idle);
    if (this.#over !== undefined) return;
    this.#idle = setTimeout(() => {
      if (this.resting) this.close();
      else this.#touch();
    }, this.#parts.idle).unref();
  }
}

class UnreadableAnswer extends Error {
  readonly code = "ERR_UNREADABLE_ANSWER";
  override readonly message = "its answer is no MCP message that can be read";
}

/** As undici's: the head of the answer did not come. */
class AnswerTimeout extends Error {
  readonly code = "UND_ERR_HEADERS_TIMEOUT";
}
