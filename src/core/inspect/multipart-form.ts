/**
 * A `multipart/form-data` body as a document, so that every part is looked at by its own type, under
 * its field's name, with its head: file names leak too. What can be read in two ways is not read.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7578
 * @see https://www.rfc-editor.org/rfc/rfc2046#section-5.1
 */
import { parseStrictJsonText } from "../../lib/strict-json.ts";
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import { charsetOf, createTextCodec, type Charset } from "./text-codec.ts";

export type FormReading =
  | { readonly kind: "form"; readonly form: MultipartForm }
  | { readonly kind: "problem"; readonly reason: string };

export interface MultipartForm {
  /** `[head, { field: content }]` of each part; the content of one that nobody can read is null. */
  readonly value: readonly JsonValue[];
  /** Bytes of parts that nobody can read. */
  readonly unreadBytes: number;
  /** The body with what was changed in `value`; everything else byte for byte. */
  rewritten(value: JsonValue): Uint8Array;
}

interface FormPart {
  readonly head: Stretch;
  readonly body: Stretch;
  readonly name: string;
  readonly charset: Charset;
  readonly content: JsonValue;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

const PARTS_MAX = 1024;
const HEAD_BYTES_MAX = 16_384;
const CRLF = "\r\n";
/** Each byte a unit: places in the text are places in the bytes. */
const octets = new TextDecoder("latin1");
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function readMultipartForm(body: Uint8Array, contentType: string): FormReading {
  const [, quoted, plain] =
    /;\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return problem("its form has no boundary");
  const text = octets.decode(body);
  const delimiter = `--${boundary}`;
  if (!text.startsWith(delimiter)) return problem("its form does not begin with its boundary");
  const parts: FormPart[] = [];
  let at = delimiter.length;
  while (!text.startsWith("--", at)) {
    if (!text.startsWith(CRLF, at)) return problem("a boundary in its form is no line");
    if (parts.length === PARTS_MAX) return problem("its form has too many parts");
    const from = at + CRLF.length;
    const end = text.indexOf(CRLF + delimiter, from - CRLF.length);
    const part = end < 0 ? undefined : partOf(body, text, from, end);
    if (part === undefined) return problem("a part of its form has no head or no end");
    parts.push(part);
    at = end + CRLF.length + delimiter.length;
  }
  const rest = text.slice(at + 2);
  if (rest !== "" && rest !== CRLF) return problem("something stands behind its form");
  return { kind: "form", form: formOf(body, parts) };
}

function problem(reason: string): FormReading {
  return { kind: "problem", reason };
}

function partOf(body: Uint8Array, text: string, from: number, end: number): FormPart | undefined {
  const headEnd = text.indexOf(CRLF + CRLF, from);
  if (headEnd < 0 || headEnd > end || headEnd - from > HEAD_BYTES_MAX) return undefined;
  const head = { from, to: headEnd };
  const content = { from: Math.min(end, headEnd + 2 * CRLF.length), to: end };
  const fields = text.slice(head.from, head.to);
  const name = /;\s*name="([^"\r\n]{0,256})"/i.exec(fields)?.[1] ?? "";
  const type = /^content-type:\s*([^\r\n]{0,256})/im.exec(fields)?.[1]?.toLowerCase() ?? "";
  const charset = charsetOf(type) ?? "utf-8";
  const bytes = body.subarray(content.from, content.to);
  return { head, body: content, name, charset, content: contentOf(bytes, type, charset) };
}

/** What bytes are is seen in the bytes: an image by name may be a list of keys. */
function contentOf(bytes: Uint8Array, type: string, charset: Charset): JsonValue {
  const text = textOf(bytes, charset);
  if (text === undefined) return null;
  if (!/[/+]json\b/.test(type) && !/^\s*[{[]/.test(text)) return text;
  const reading = parseStrictJsonText(text);
  return reading.kind === "problem" ? text : reading.value;
}

function textOf(bytes: Uint8Array, charset: Charset): string | undefined {
  if (charset !== "utf-8") {
    const codec = createTextCodec(charset);
    return codec.decode(bytes).text + codec.flush().text;
  }
  if (bytes.includes(0)) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function formOf(body: Uint8Array, parts: readonly FormPart[]): MultipartForm {
  const heads = parts.map(({ head }) => headOf(body, head));
  const value = parts.map(({ name, content }, i): JsonValue => [
    heads[i] ?? "",
    Object.fromEntries([[name, content]]),
  ]);
  const unread = parts.filter(({ content }) => content === null);
  return {
    value,
    unreadBytes: unread.reduce((sum, { body: { from, to } }) => sum + to - from, 0),
    rewritten: (changed) => joined(body, parts, heads, changed),
  };
}

/** File names come in UTF-8 from browsers; a head that is none is shown byte by byte. */
function headOf(body: Uint8Array, { from, to }: Stretch): string {
  const bytes = body.subarray(from, to);
  return textOf(bytes, "utf-8") ?? octets.decode(bytes);
}

function joined(
  body: Uint8Array,
  parts: readonly FormPart[],
  heads: readonly string[],
  changed: JsonValue,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  let done = 0;
  const put = ({ from, to }: Stretch, bytes: Uint8Array): void => {
    pieces.push(body.subarray(done, from), bytes);
    done = to;
  };
  const items = isJsonArray(changed) ? changed : [];
  for (const [i, part] of parts.entries()) {
    const item = items[i];
    const [head, fields] = isJsonArray(item) ? item : [];
    if (typeof head === "string" && head !== heads[i]) {
      put(part.head, new TextEncoder().encode(head));
    }
    const [content = null] = isJsonObject(fields) ? Object.values(fields) : [];
    if (content === part.content || content === null) continue;
    const text = typeof content === "string" ? content : JSON.stringify(content);
    put(part.body, createTextCodec(part.charset).encode(text));
  }
  pieces.push(body.subarray(done));
  return concat(pieces);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
