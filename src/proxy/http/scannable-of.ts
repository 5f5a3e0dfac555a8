/** What of a request's body can be looked at, by the type that its head names. */
import { readMultipartForm } from "../../core/inspect/multipart-form.ts";
import { readUrlForm } from "../../core/inspect/url-form.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import type { Scannable } from "../../pipeline/ask.ts";
import { isPlainCharset } from "../plain-charset.ts";
import type { RequestHead } from "../wire.ts";

type Headed = Pick<RequestHead, "headers">;

/** JSON is judged as JSON, because escapes hide text; other text as text; the rest is opaque. */
export function scannableOf(head: Headed, body: Buffer | undefined): Scannable {
  if (body === undefined || body.length === 0) return { kind: "none" };
  const bytes = body.length;
  const encoding = head.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return { kind: "opaque", reason: "it has a content encoding", bytes };
  }
  if (!isPlainCharset(contentTypeOf(head))) {
    return { kind: "opaque", reason: "its charset is not UTF-8", bytes };
  }
  if (isJson(head)) {
    const parsed = parseStrictJson(body);
    if (parsed.kind === "ok") return { kind: "json", value: parsed.value, bytes };
    return { kind: "opaque", reason: `it is not JSON (${parsed.message})`, bytes };
  }
  if (/^multipart\/form-data\b/i.test(contentTypeOf(head)))
    return formOf(body, contentTypeOf(head));
  const text = decodeUtf8(body);
  if (text === undefined) return { kind: "opaque", reason: "it is not UTF-8 text", bytes };
  if (text.includes(ZERO)) return { kind: "opaque", reason: "it has zero bytes", bytes };
  const form = isUrlForm(contentTypeOf(head)) ? readUrlForm(text) : undefined;
  if (form !== undefined) return { kind: "form", value: form.value, bytes, unreadBytes: 0 };
  return { kind: "text", text, bytes };
}

function formOf(body: Buffer, type: string): Scannable {
  const read = readMultipartForm(body, type);
  const bytes = body.length;
  if (read.kind === "problem") return { kind: "opaque", reason: read.reason, bytes };
  const { value, unreadBytes } = read.form;
  return { kind: "form", value, bytes, unreadBytes };
}

/** UTF-16 is half zeros, and passes for text. */
const ZERO = "\0";

export function isUrlForm(type: string): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(type);
}

function isJson(head: Headed): boolean {
  return /^[^;]*[/+]json\b/i.test(contentTypeOf(head));
}

export function contentTypeOf({ headers }: Headed): string {
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
