import { Buffer } from "node:buffer";
import type { McpAction, ToolAction } from "../../core/action.ts";
import type { Inspections } from "../../core/decision.ts";
import type { JsonObject } from "../../core/json.ts";
import type {
  Changes,
  InterpretContext,
  Interpretation,
  RequestBody,
  ResponseInspector,
  Scannable,
} from "../../pipeline/ask.ts";
import type { RequestHead } from "../wire.ts";
import { AnswerInspector } from "./answer-inspector.ts";
import type { Question } from "./question.ts";

/** A message as it came. */
export interface Received {
  readonly bytes: Buffer;
  readonly text: string;
  readonly json: JsonObject;
}

export class McpInterpretation implements Interpretation {
  readonly action: ToolAction | McpAction;
  readonly scannable: Scannable;
  readonly metering = undefined;
  readonly #head: RequestHead;
  readonly #question: Question;
  readonly #received: Received | undefined;
  readonly #context: InterpretContext;

  constructor(
    head: RequestHead,
    question: Question,
    action: ToolAction | McpAction,
    received: Received | undefined,
    context: InterpretContext,
  ) {
    this.#head = head;
    this.#question = question;
    this.#received = received;
    this.#context = context;
    this.action = action;
    // Whole, because an id or a stray member can carry a secret out as well as an argument.
    this.scannable =
      received === undefined
        ? { kind: "none" }
        : { kind: "json", value: received.json, bytes: received.bytes.length };
  }

  source(): string {
    return this.#received?.text ?? "";
  }

  compose({ redacted }: Changes): RequestBody {
    if (this.#received === undefined) return { kind: "none" };
    if (redacted === undefined) return { kind: "bytes", bytes: this.#received.bytes };
    return { kind: "bytes", bytes: Buffer.from(JSON.stringify(redacted)) };
  }

  inspector(inspections: Inspections, echoes: readonly string[]): ResponseInspector {
    const { snapshot, principal } = this.#context;
    const { exchange, upstream } = this.#head;
    return new AnswerInspector(
      {
        exchange,
        upstream: upstream.name,
        question: this.#question,
        inspection: inspections.toolResult,
        echoes,
        admits: (use) => snapshot.mayAllow(principal, use),
      },
      upstream,
    );
  }
}
