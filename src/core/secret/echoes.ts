/**
 * The forms in which an upstream may send an injected secret back: as it is, or in one of the
 * encodings that servers apply to what they echo. Made once per secret, searched for in every answer.
 */

/** Shorter forms occur by chance, and cutting them out would damage honest answers. */
export const ECHO_CHARS_MIN = 8;

const BASE64_BITS = 6;
const BYTE_BITS = 8;

/** `format` is how the secret is written into its header; `value` is printable ASCII. */
export function echoesOf(value: string, format: string): readonly string[] {
  const forms = new Set(formsOf(value));
  if (/^basic \{\}$/iu.test(format)) {
    for (const inner of basicParts(value)) for (const form of formsOf(inner)) forms.add(form);
  }
  return [...forms]
    .filter((form) => form.length >= ECHO_CHARS_MIN)
    .sort((a, b) => b.length - a.length);
}

function* formsOf(text: string): Generator<string> {
  yield text;
  // UTF-16 of either byte order, as bytes.
  yield Array.from(text).join("\0");
  for (const shift of [0, 1, 2]) yield* base64Forms(stableBase64(text, shift));
  const hex = Array.from(text, (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  yield hex;
  yield hex.toUpperCase();
  yield* percentForms(text);
  yield* jsonForms(text);
  yield* htmlForms(text);
}

/**
 * The part of the base64 of `<shift bytes> + text + <anything>` that depends on `text` alone, so it
 * is found wherever the secret stands in what was encoded.
 */
function stableBase64(text: string, shift: number): string {
  const from = Math.ceil((shift * BYTE_BITS) / BASE64_BITS);
  const to = Math.floor(((shift + text.length) * BYTE_BITS) / BASE64_BITS);
  return btoa("\0".repeat(shift) + text).slice(from, to);
}

function* base64Forms(base64: string): Generator<string> {
  yield base64;
  yield base64.replaceAll("+", "-").replaceAll("/", "_");
  yield encodeURIComponent(base64);
}

function* percentForms(text: string): Generator<string> {
  const component = encodeURIComponent(text);
  const form = new URLSearchParams([["", text]]).toString().slice(1);
  for (const encoded of [component, strictly(component), form, encodeURI(text)]) {
    yield encoded;
    yield encoded.replaceAll(/%[\dA-F]{2}/gu, (hex) => hex.toLowerCase());
  }
}

/** RFC 3986 reserves five more characters than `encodeURIComponent` encodes. */
function strictly(component: string): string {
  return component.replaceAll(/[!'()*]/gu, (char) => `%${hexOf(char).toUpperCase()}`);
}

/** JSON needs to escape only quote and backslash; several serialisers escape more. */
function* jsonForms(text: string): Generator<string> {
  const escaped = JSON.stringify(text).slice(1, -1);
  yield escaped;
  yield escaped.replaceAll("/", "\\/");
  const go = escaped.replaceAll(/[&<>]/gu, (char) => `\\u00${hexOf(char)}`);
  yield go;
  const net = text.replaceAll(/["&'+<>`]/gu, (char) => `\\u00${hexOf(char).toUpperCase()}`);
  yield net;
}

function* htmlForms(text: string): Generator<string> {
  const named = text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  yield named;
  yield named.replaceAll("'", "&#39;");
  yield named.replaceAll("'", "&#x27;");
  yield named.replaceAll(/['/=`]/gu, (char) => `&#x${hexOf(char).toUpperCase()};`);
}

/** The value of `Basic {}` is base64 itself: what is in it must not come back either. */
function basicParts(value: string): readonly string[] {
  const decoded = decodeBase64(value);
  if (decoded === undefined) return [];
  return [decoded, decoded.slice(decoded.indexOf(":") + 1)];
}

function decodeBase64(text: string): string | undefined {
  try {
    const decoded = atob(text);
    return /^[\x20-\x7e]+$/u.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

function hexOf(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}
