import type { CallMeter } from "../../pipeline/call-meter.ts";
import type { Inspections } from "../../core/decision.ts";
import type { LlmAction } from "../../core/action.ts";
import type { JsonObject } from "../../core/json.ts";
import { estimateTokens } from "../../core/money/token-count.ts";
import type {
  Changes,
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

export class LlmInterpretation implements Interpretation {
  readonly action: LlmAction;
  readonly scannable: Scannable;
  readonly metering: Metering;
  readonly #head: RequestHead;
  readonly #endpoint: Endpoint;
  readonly #facts: RequestFacts;
  readonly #body: ReadBody | undefined;
  /** The model that a budget moved the call to. */
  readonly #movedTo: string | undefined;

  constructor(
    head: RequestHead,
    endpoint: Endpoint,
    facts: RequestFacts,
    body: ReadBody | undefined,
    movedTo?: string,
  ) {
    this.#head = head;
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#body = body;
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
    return this.#body?.text ?? "";
  }

  compose({ redacted, outputTokens, toolCalls }: Changes): RequestBody {
    const body = this.#body;
    const grammar = this.#endpoint.operation.request;
    if (body === undefined || grammar === undefined) return { kind: "none" };
    const caps = { outputTokens, toolCalls, provider: this.#head.upstream.priceProvider };
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

  /** The body names the model on most wires; where the path does, it stays what it is. */
  withModel(model: string): LlmInterpretation | undefined {
    const body = this.#body;
    if (body === undefined || this.#endpoint.model !== undefined) return undefined;
    if (this.#endpoint.operation.request === undefined) return undefined;
    const text = setMembers(body.text, body.value, [{ key: "model", value: model }]);
    const value = { ...body.value, model };
    const read = { bytes: Buffer.from(text), text, value };
    const facts = { ...this.#facts, model };
    return new LlmInterpretation(this.#head, this.#endpoint, facts, read, model);
  }

  inspector(
    inspections: Inspections,
    echoes: readonly string[],
    meter?: CallMeter,
  ): ResponseInspector {
    return new LlmInspector({
      exchange: this.#head.exchange,
      upstream: this.#head.upstream,
      operation: this.#endpoint.operation,
      inspection: inspections.response,
      echoes,
      hidesUsage: this.#facts.stream && !this.#facts.wantsUsage,
      asked: {
        body: this.#body?.value ?? NO_BODY,
        imageTokens: this.#facts.demand.imageTokens,
      },
      meter,
    });
  }
}
