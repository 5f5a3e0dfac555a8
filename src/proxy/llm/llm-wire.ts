/** The door every LLM dialect shares: route, read the body strictly, understand it, or refuse. */
import type { Refusal } from "../../core/refusal.ts";
import { millis } from "../../core/units.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import type { InterpretContext, Interpretation } from "../../pipeline/ask.ts";
import { toldOfFindings } from "../../pipeline/opaque.ts";
import { renderRefusal } from "../refusals/render-refusal.ts";
import type {
  BodyNeed,
  RequestHead,
  WireExchange,
  WireFamily,
  WireHold,
  WireReply,
} from "../wire.ts";
import { commentWords } from "./comment-words.ts";
import { isPlainCharset } from "../plain-charset.ts";
import { LlmInterpretation, type ReadBody } from "./llm-interpretation.ts";
import {
  BARE_FACTS,
  type Dialect,
  type Endpoint,
  type RequestFacts,
  type RequestGrammar,
  type Routing,
} from "./operation.ts";

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** Load balancers and clients give up on a silent answer at five minutes. */
const LLM_HOLD_MAX = millis(290_000);

/** `elsewhere` judges what the dialect does not know, as plain HTTP that a rule must name. */
export function createLlmWire(dialect: Dialect, elsewhere: WireFamily): WireFamily {
  return {
    open(head) {
      const routing = routeOf(dialect, head);
      switch (routing.kind) {
        case "known":
          return new LlmExchange(dialect, head, routing.endpoint);
        case "unknown":
          return new UnknownExchange(dialect, head, elsewhere.open(head));
        case "problem":
          return new UnreadableExchange(dialect, head, routing.message);
      }
    },
  };
}

/**
 * An endpoint that meters must not be reached unmetered under another spelling, where a rule lets
 * unknown paths through and the server is lenient.
 */
function routeOf(dialect: Dialect, head: RequestHead): Routing {
  const routing = dialect.route(head);
  if (routing.kind !== "unknown" || head.method !== "POST") return routing;
  const plain = head.path.replaceAll(/%2f/gi, "/").replace(/\/$/, "");
  for (const path of [plain, plain.toLowerCase()]) {
    if (path === head.path || dialect.route({ ...head, path }).kind === "unknown") continue;
    return { kind: "problem", message: `its path must be spelt ${path}` };
  }
  return routing;
}

class LlmExchange implements WireExchange {
  readonly bodyNeed: BodyNeed;
  readonly target: string;
  readonly #dialect: Dialect;
  readonly #head: RequestHead;
  readonly #endpoint: Endpoint;
  #streams = false;
  #asked: InterpretContext | undefined;

  constructor(dialect: Dialect, head: RequestHead, endpoint: Endpoint) {
    this.bodyNeed = endpoint.operation.request === undefined ? "none" : "whole";
    this.target = endpoint.target;
    this.#dialect = dialect;
    this.#head = head;
    this.#endpoint = endpoint;
  }

  interpret(body: Buffer | undefined, context: InterpretContext): Verdict<Interpretation> {
    this.#asked = context;
    const { request } = this.#endpoint.operation;
    if (request === undefined) return this.#withoutBody(context);
    const problem = unreadable(this.#head, body);
    if (problem !== undefined || body === undefined) return malformed(problem ?? "it has no body");
    const reading = parseStrictJson(body);
    if (reading.kind === "problem") {
      const { message, line, column } = reading;
      const place = line === undefined ? "" : ` at line ${line}, column ${column}`;
      return malformed(`its body is not strict JSON: ${message}${place}`);
    }
    const { value, text } = reading;
    if (!isJsonObject(value)) return malformed("its body is not a JSON object");
    const misleading = lookalikeIn(value, request) ?? otherModelsIn(value);
    if (misleading !== undefined) return malformed(misleading);
    const understood = request.read(value, this.#endpoint);
    if (understood.kind === "problem") return malformed(understood.message);
    this.#streams = understood.facts.stream;
    return this.#pass(context, understood.facts, { bytes: body, text, value });
  }

  hold(): WireHold {
    const { operation } = this.#endpoint;
    const words = this.#streams ? commentWords(operation, this.#head.exchange) : undefined;
    return { most: LLM_HOLD_MAX, wished: "configured", words };
  }

  refuse(refusal: Refusal): WireReply {
    const told = toldOfFindings(this.#asked, refusal);
    return renderRefusal(this.#dialect.wire, told, this.#head);
  }

  #withoutBody(context: InterpretContext): Verdict<Interpretation> {
    if (this.#head.hasBody) return malformed("it must not have a body");
    return this.#pass(context, { ...BARE_FACTS, model: this.#endpoint.model ?? "" }, undefined);
  }

  #pass(
    context: InterpretContext,
    facts: RequestFacts,
    body: ReadBody | undefined,
  ): Verdict<Interpretation> {
    const request = { head: this.#head, context, body };
    return pass(new LlmInterpretation(request, this.#endpoint, facts));
  }
}

/** Plain HTTP behind the dialect's own refusals. */
class UnknownExchange implements WireExchange {
  readonly #dialect: Dialect;
  readonly #head: RequestHead;
  readonly #plain: WireExchange;
  #asked: InterpretContext | undefined;

  constructor(dialect: Dialect, head: RequestHead, plain: WireExchange) {
    this.#dialect = dialect;
    this.#head = head;
    this.#plain = plain;
  }

  get bodyNeed(): BodyNeed {
    return this.#plain.bodyNeed;
  }

  get target(): string {
    return this.#plain.target;
  }

  interpret(
    body: Buffer | undefined,
    context: InterpretContext,
  ): ReturnType<WireExchange["interpret"]> {
    this.#asked = context;
    return this.#plain.interpret(body, context);
  }

  refuse(refusal: Refusal): WireReply {
    const told = toldOfFindings(this.#asked, refusal);
    return renderRefusal(this.#dialect.wire, told, this.#head);
  }
}

/** A path or query that two readers could read differently. */
class UnreadableExchange implements WireExchange {
  readonly bodyNeed: BodyNeed = "none";
  readonly target: string;
  readonly #dialect: Dialect;
  readonly #head: RequestHead;
  readonly #message: string;

  constructor(dialect: Dialect, head: RequestHead, message: string) {
    this.target = head.rawPath;
    this.#dialect = dialect;
    this.#head = head;
    this.#message = message;
  }

  interpret(): Verdict<Interpretation> {
    return malformed(this.#message);
  }

  refuse(refusal: Refusal): WireReply {
    return renderRefusal(this.#dialect.wire, refusal, this.#head);
  }
}

function malformed(message: string): Verdict<never> {
  return halt({ code: "malformed", detail: `The request cannot be judged: ${message}.` });
}

function unreadable(head: RequestHead, body: Buffer | undefined): string | undefined {
  const type = head.headers["content-type"];
  const encoding = head.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") return "it has a content encoding";
  if (body === undefined || body.length === 0) return "it has no body";
  if (typeof type !== "string" || !JSON_TYPE.test(type)) {
    return "its content type is not application/json";
  }
  return isPlainCharset(type) ? undefined : "its charset is not UTF-8";
}

/** Routers that speak these dialects (OpenRouter, LiteLLM) would choose from such a list. */
function otherModelsIn(body: JsonObject): string | undefined {
  for (const key of ["models", "fallbacks"]) {
    if (Object.hasOwn(body, key)) return `"${key}" could choose a model that was not judged`;
  }
  return undefined;
}

/**
 * Some servers read member names in any case: `Model` must not outvote `model` there, nor `ſtream`
 * be `stream`, as Unicode's folding has it.
 */
function lookalikeIn(body: JsonObject, { judged }: RequestGrammar): string | undefined {
  for (const key in body) {
    if (judged.has(key)) continue;
    const plain = key.toUpperCase().toLowerCase();
    if (plain !== key && judged.has(plain)) return `"${plain}" is given in other letters`;
  }
  return undefined;
}
