/**
 * One request of a session, carried out on a stateless server. When the server says
 * `input_required`, the client is asked in the way of its era, and the request is repeated with
 * what it answered.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { McpMethod } from "../../../core/action-classes.ts";
import { randomToken } from "../../../lib/ids.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import { RPC_INTERNAL, type RpcRequest, type RpcResponse } from "../rpc-message.ts";
import { errorText, type AnswerStream } from "../transport/answer-stream.ts";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import { askMessages, BareStatus, type Asking } from "./answer-reader.ts";
import type { FrontSession } from "./front-session.ts";
import { enveloped, requestOf, setIn, statelessRequest } from "./stateless-message.ts";

/** How often a server may ask before it answers. */
const ROUNDS_MAX = 16;
/** Before a request is repeated for a server that only wants to be asked later. */
const LATER_MS = 500;
const ELICITATION_BYTES = 12;

export interface FrontedParts {
  readonly side: McpServerSide;
  readonly session: FrontSession;
  readonly base: McpRequest;
  readonly method: McpMethod;
  readonly sent: SentMessage;
  readonly request: RpcRequest;
}

export class FrontedCall {
  readonly #parts: FrontedParts;
  readonly #stream: AnswerStream;
  #asking: Asking | undefined;
  #rounds = 0;
  #over = false;

  constructor(parts: FrontedParts, stream: AnswerStream) {
    this.#parts = parts;
    this.#stream = stream;
    const { session, request } = parts;
    session.run(request.id, () => this.#cancelled());
    stream.onGone(() => this.#leave());
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
        if (message.kind === "notification" && !answered) this.#stream.event(json);
        if (message.kind !== "response" || answered) return;
        answered = true;
        this.#hear(message, json, text);
      },
      ended: (error) => {
        if (!answered) this.#fail(error);
      },
    });
  }

  #hear({ result }: RpcResponse, json: string, asked: string): void {
    if (result?.["resultType"] !== "input_required") return this.#conclude(json);
    this.#rounds += 1;
    if (this.#rounds > ROUNDS_MAX) return this.#problem("The server asks without an end.");
    this.#answerFor(result).then(
      (answers) => {
        if (this.#over) return;
        if (answers === undefined) return this.#problem("The client did not answer the server.");
        let again = asked;
        if (answers !== "later") again = setIn(again, ["params", "inputResponses"], answers);
        const state = result["requestState"];
        if (typeof state === "string") again = setIn(again, ["params", "requestState"], state);
        this.#ask(again);
      },
      (error: unknown) => this.#fail(error instanceof Error ? error : undefined),
    );
  }

  /** `later`: there was nothing to ask. Undefined: the client cannot, or will not, answer. */
  async #answerFor({ inputRequests }: JsonObject): Promise<JsonObject | "later" | undefined> {
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
    const answer = await session.question(method, inSession(method, asked), this.#stream);
    if (answer?.result !== undefined) return answer.result;
    // A person who cannot be asked has not agreed.
    return method === "elicitation/create" ? { action: "cancel" } : undefined;
  }

  #conclude(json: string): void {
    if (this.#over) return;
    this.#close();
    this.#stream.conclude(json);
  }

  #problem(why: string): void {
    const { id } = this.#parts.request;
    this.#conclude(errorText(id, RPC_INTERNAL, why));
  }

  #fail(error: Error | undefined): void {
    if (this.#over) return;
    this.#close();
    const bare = error instanceof BareStatus;
    if (bare && !this.#stream.streaming) return this.#stream.status(error.status);
    this.#stream.fail(error ?? new Error("the MCP server ended without an answer"));
  }

  /** The client said so: no answer follows. */
  #cancelled(): void {
    this.#leave();
    this.#stream.open();
    this.#stream.end();
  }

  #leave(): void {
    if (this.#over) return;
    this.#close();
    this.#asking?.abort();
  }

  #close(): void {
    this.#over = true;
    this.#parts.session.done(this.#parts.request.id);
  }
}

/** Sessions name each elicitation by URL; the stateless era has no such name. */
function inSession(method: string, params: JsonObject): JsonObject {
  if (method !== "elicitation/create" || params["mode"] !== "url") return params;
  return { elicitationId: randomToken(ELICITATION_BYTES), ...params };
}
