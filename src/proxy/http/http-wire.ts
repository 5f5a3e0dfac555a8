/** The plain HTTP door: any method, any body; read only where policy wants to look. */
import type { Inspections } from "../../core/decision.ts";
import { createHttpInspector } from "../../pipeline/inspect-bytes.ts";
import type { HttpAction } from "../../core/action.ts";
import { rewriteJson } from "../../core/inspect/rewrite-json.ts";
import { readUrlForm } from "../../core/inspect/url-form.ts";
import { readMultipartForm } from "../../core/inspect/multipart-form.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Refusal } from "../../core/refusal.ts";
import { millis } from "../../core/units.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import type {
  Changes,
  InterpretContext,
  Interpretation,
  RequestBody,
  ResponseInspector,
  Scannable,
} from "../../pipeline/ask.ts";
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
import { acceptedLater, prefersAsync, waitOf } from "./prefer.ts";
import { contentTypeOf, isUrlForm, scannableOf } from "./scannable-of.ts";

/** Load balancers and clients give up on a silent answer at five minutes. */
const HTTP_HOLD_MAX = millis(290_000);
const NOT_AT_ALL = millis(0);

export const httpWire: WireFamily = { open: (head) => new HttpWireExchange(head, undefined) };

/** Paths of an LLM upstream that its dialect does not know: plain HTTP, if a rule names it. */
export const unknownEndpointWire: WireFamily = {
  open: (head) => new HttpWireExchange(head, "unknown_endpoint"),
};

/** To a host that the agent chose. */
export const forwardedWire = {
  open: (head) => new HttpWireExchange(head, "forwarded"),
} as const satisfies WireFamily;

class HttpWireExchange implements WireExchange {
  readonly bodyNeed: BodyNeed = "if_policy_reads_it";
  readonly target: string;
  readonly #head: RequestHead;
  readonly #special: HttpAction["special"];
  #asked: InterpretContext | undefined;

  constructor(head: RequestHead, special: HttpAction["special"]) {
    this.#head = head;
    this.#special = special;
    this.target = head.rawPath + head.query;
  }

  interpret(body: Buffer | undefined, context: InterpretContext): Verdict<Interpretation> {
    this.#asked = context;
    const head = this.#head;
    const scannable = scannableOf(head, body);
    const readsBody = context.snapshot.readsHttpBody(context.principal, head.upstream.name);
    if (readsBody && body !== undefined && scannable.kind === "opaque") {
      return halt({
        code: "malformed",
        detail: `Policy must read this body: ${scannable.reason}.`,
      });
    }
    const action: HttpAction = {
      kind: "http",
      upstream: head.upstream.name,
      method: head.method,
      host: head.upstream.host,
      path: head.path,
      query: head.query,
      special: this.#special,
      body: readsBody && scannable.kind === "json" ? scannable.value : undefined,
    };
    return pass(new HttpInterpretation(head, action, scannable, body));
  }

  refuse(refusal: Refusal): WireReply {
    const told = toldOfFindings(this.#asked, refusal);
    return acceptedLater(told, this.#head) ?? renderRefusal("http", told, this.#head);
  }

  hold(): WireHold {
    const isAsync = prefersAsync(this.#head);
    const wished = waitOf(this.#head);
    return { most: isAsync ? NOT_AT_ALL : HTTP_HOLD_MAX, wished, words: undefined };
  }
}

class HttpInterpretation implements Interpretation {
  readonly action: HttpAction;
  readonly scannable: Scannable;
  readonly metering = undefined;
  readonly #head: RequestHead;
  readonly #body: Buffer | undefined;

  constructor(
    head: RequestHead,
    action: HttpAction,
    scannable: Scannable,
    body: Buffer | undefined,
  ) {
    this.#head = head;
    this.action = action;
    this.scannable = scannable;
    this.#body = body;
  }

  source(): string {
    return this.#body === undefined ? "" : this.#body.toString("utf8");
  }

  compose({ redacted }: Changes): RequestBody {
    if (!this.#head.hasBody) return { kind: "none" };
    if (this.#body === undefined) return { kind: "stream" };
    if (redacted === undefined) return { kind: "bytes", bytes: this.#body };
    return { kind: "bytes", bytes: rewritten(this.#head, this.#body, this.scannable, redacted) };
  }

  inspector(inspections: Inspections, echoes: readonly string[]): ResponseInspector {
    const { responseBytesMax, unscannable } = this.#head.upstream;
    return createHttpInspector(inspections.response, echoes, responseBytesMax, unscannable);
  }
}

function rewritten(
  head: RequestHead,
  body: Buffer,
  { kind }: Scannable,
  redacted: JsonValue,
): Uint8Array {
  if (kind === "text" && typeof redacted === "string") return Buffer.from(redacted);
  if (kind === "form" && isUrlForm(contentTypeOf(head))) {
    const form = readUrlForm(body.toString("utf8"));
    if (form !== undefined) return Buffer.from(form.rewritten(redacted));
  } else if (kind === "form") {
    const read = readMultipartForm(body, contentTypeOf(head));
    if (read.kind === "form") return read.form.rewritten(redacted);
  }
  return Buffer.from(rewriteJson(body.toString("utf8"), redacted));
}
