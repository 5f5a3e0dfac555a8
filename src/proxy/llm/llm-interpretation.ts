import type { CallMeter } from "../../pipeline/call-meter.ts";
import type { Inspections } from "../../core/decision.ts";
import type { LlmAction } from "../../core/action.ts";
import type { JsonObject } from "../../core/json.ts";
import { estimateTokens } from "../../core/money/token-count.ts";
import { toldOfFindings } from "../../pipeline/opaque.ts";
import type {
  Changes,
  InterpretContext,
  Interpretation,
  Metering,
  RequestBody,
  ResponseInspector,
  Scannable,
} from "../../pipeline/ask.ts";
import { isJsonObject } from "../../core/json.ts";
import type { RequestHead } from "../wire.ts";
import { LlmInspector } from "./llm-inspector.ts";
import type { Endpoint, RequestFacts } from "./operation.ts";
import { setMembers, type MemberEdit } from "../set-members.ts";

const NO_BODY: JsonObject = {};
const NO_EDITS: readonly MemberEdit[] = [];

/** A request body as it came: bytes, text and tree of one JSON object. */
export interface ReadBody {
  readonly bytes: Buffer;
  readonly text: string;
  readonly value: JsonObject;
}

export interface LlmRequest {
  readonly head: RequestHead;
  /** Who asks, and by which policy. */
  readonly context: InterpretContext;
  readonly body: ReadBody | undefined;
}

export class LlmInterpretation implements Interpretation {
  readonly action: LlmAction;
  readonly target: string;
  readonly scannable: Scannable;
  readonly metering: Metering;
  readonly #request: LlmRequest;
  readonly #endpoint: Endpoint;
  readonly #facts: RequestFacts;
  /** The model that a budget moved the call to. */
  readonly #movedTo: string | undefined;

  constructor(request: LlmRequest, endpoint: Endpoint, facts: RequestFacts, movedTo?: string) {
    const { head, body } = request;
    this.#request = request;
    this.#endpoint = endpoint;
    this.target = endpoint.target;
    this.#facts = facts;
    this.#movedTo = movedTo;
    const { model, stream, outputTokens, zeroIsCap, choices, demand } = facts;
    this.action = {
      kind: "llm",
      upstream: head.upstream.name,
      operation: endpoint.operation.name,
      model,
      stream,
      outputTokens,
      body: body?.value ?? NO_BODY,
    };
    const bytes = body?.bytes.length ?? 0;
    this.scannable =
      body === undefined ? { kind: "none" } : { kind: "json", value: body.value, bytes };
    this.metering = {
      provider: head.upstream.priceProvider,
      model,
      inputTokens: estimateTokens(bytes),
      outputTokens,
      zeroIsCap,
      choices,
      demand,
      bills: endpoint.operation.bills,
    };
  }

  source(): string {
    return this.#request.body?.text ?? "";
  }

  compose({ redacted, outputTokens, toolCalls }: Changes): RequestBody {
    const { head, body } = this.#request;
    const grammar = this.#endpoint.operation.request;
    if (body === undefined || grammar === undefined) return { kind: "none" };
    const caps = { outputTokens, toolCalls, provider: head.upstream.priceProvider };
    const value = isJsonObject(redacted) ? redacted : body.value;
    const edits = [...grammar.edits(value, this.#facts, caps), ...this.#modelEdit(value)];
    if (value === body.value && edits.length === 0) return { kind: "bytes", bytes: body.bytes };
    const text = value === body.value ? body.text : JSON.stringify(value);
    const sent = edits.length === 0 ? text : setMembers(text, value, edits);
    return { kind: "bytes", bytes: Buffer.from(sent) };
  }

  /** A redacted form was made before a budget moved the call to another model. */
  #modelEdit(value: JsonObject): readonly MemberEdit[] {
    const moved = this.#movedTo;
    return moved === undefined || value["model"] === moved
      ? NO_EDITS
      : [{ key: "model", value: moved }];
  }

  withModel(model: string): LlmInterpretation | undefined {
    const { body } = this.#request;
    const endpoint = endpointOf(this.#endpoint, model);
    if (body === undefined || endpoint === undefined) return undefined;
    const facts = { ...this.#facts, model };
    const written = modelToWrite(this.#endpoint, body.value, model);
    if (written === undefined) return new LlmInterpretation(this.#request, endpoint, facts);
    const text = setMembers(body.text, body.value, [{ key: "model", value: written }]);
    const read = { bytes: Buffer.from(text), text, value: { ...body.value, model: written } };
    return new LlmInterpretation({ ...this.#request, body: read }, endpoint, facts, written);
  }

  inspector(
    inspections: Inspections,
    echoes: readonly string[],
    meter?: CallMeter,
  ): ResponseInspector {
    const { head, context, body } = this.#request;
    return new LlmInspector({
      exchange: head.exchange,
      upstream: head.upstream,
      operation: this.#endpoint.operation,
      inspection: inspections.response,
      echoes,
      hidesUsage: this.#facts.stream && !this.#facts.wantsUsage,
      asked: {
        body: body?.value ?? NO_BODY,
        imageTokens: this.#facts.demand.imageTokens,
      },
      meter,
      told: (refusal) => toldOfFindings(context, refusal),
    });
  }
}

/** Where another model is asked; undefined where the path names one that cannot be changed. */
function endpointOf(endpoint: Endpoint, model: string): Endpoint | undefined {
  const { operation, aroundModel } = endpoint;
  if (operation.request === undefined) return undefined;
  // Vectors of two models do not go together: nobody would see why a search finds nothing.
  if (operation.bills !== "input_and_output") return undefined;
  if (endpoint.model === undefined) return endpoint;
  if (aroundModel === undefined) return undefined;
  const target = `${aroundModel.before}${encodeURIComponent(model)}${aroundModel.after}`;
  return { ...endpoint, target, model };
}

/** The body's own word for the model; undefined where the path alone names it. */
function modelToWrite(endpoint: Endpoint, body: JsonObject, model: string): string | undefined {
  if (endpoint.model === undefined) return model;
  const { model: said } = body;
  if (typeof said !== "string") return undefined;
  return said.startsWith(GOOGLE_PREFIX) ? `${GOOGLE_PREFIX}${model}` : model;
}

/** How Google's requests repeat the model of their path. */
const GOOGLE_PREFIX = "models/";
