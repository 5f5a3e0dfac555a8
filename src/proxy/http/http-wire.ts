/** The plain HTTP door: any method, any body; read only where policy wants to look. */
import type { Inspections } from "../../core/decision.ts";
import { createHttpInspector } from "../../pipeline/inspect-bytes.ts";
import type { HttpAction } from "../../core/action.ts";
import { readMultipartForm } from "../../core/inspect/multipart-form.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Refusal } from "../../core/refusal.ts";
import { millis } from "../../core/units.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import type {
  Changes,
  InterpretContext,
  Interpretation,
  RequestBody,
  ResponseInspector,
  Scannable,
} from "../../pipeline/ask.ts";
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

/** Load balancers and clients give up on a silent answer at five minutes. */
const HTTP_HOLD_MAX = millis(290_000);
const NOT_AT_ALL = millis(0);

export const httpWire: WireFamily = { open: (head) => new HttpWireExchange(head, undefined) };

/** Paths of an LLM upstream that its dialect does not know: plain HTTP, if a rule names it. */
export const unknownEndpointWire: WireFamily = {
  open: (head) => new HttpWireExchange(head, "unknown_endpoint"),
};

class HttpWireExchange implements WireExchange {
  readonly bodyNeed: BodyNeed = "if_policy_reads_it";
  readonly target: string;
  readonly #head: RequestHead;
  readonly #special: HttpAction["special"];

  constructor(head: RequestHead, special: HttpAction["special"]) {
    this.#head = head;
    this.#special = special;
    this.target = head.rawPath + head.query;
  }

  interpret(body: Buffer | undefined, context: InterpretContext): Verdict<Interpretation> {
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
    const told = renderRefusal("http", refusal, this.#head);
    return prefersAsync(this.#head) ? acceptedLater(told, refusal) : told;
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
  if (kind === "form") {
    const read = readMultipartForm(body, contentType(head));
    if (read.kind === "form") return read.form.rewritten(redacted);
  }
  return Buffer.from(JSON.stringify(redacted));
}

/** JSON is judged as JSON, because escapes hide text; other text as text; the rest is opaque. */
function scannableOf(head: RequestHead, body: Buffer | undefined): Scannable {
  if (body === undefined || body.length === 0) return { kind: "none" };
  const bytes = body.length;
  const encoding = head.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return { kind: "opaque", reason: "it has a content encoding", bytes };
  }
  if (isJson(head)) {
    const parsed = parseStrictJson(body);
    if (parsed.kind === "ok") return { kind: "json", value: parsed.value, bytes };
    return { kind: "opaque", reason: `it is not JSON (${parsed.message})`, bytes };
  }
  if (/^multipart\/form-data\b/i.test(contentType(head))) return formOf(body, contentType(head));
  const text = decodeUtf8(body);
  if (text === undefined) return { kind: "opaque", reason: "it is not UTF-8 text", bytes };
  return { kind: "text", text, bytes };
}

function formOf(body: Buffer, type: string): Scannable {
  const read = readMultipartForm(body, type);
  const bytes = body.length;
  if (read.kind === "problem") return { kind: "opaque", reason: read.reason, bytes };
  const { value, unreadBytes } = read.form;
  return { kind: "form", value, bytes, unreadBytes };
}

function isJson(head: RequestHead): boolean {
  return /^[^;]*[/+]json\b/i.test(contentType(head));
}

function contentType({ headers }: RequestHead): string {
  const type = headers["content-type"];
  return typeof type === "string" ? type : "";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
