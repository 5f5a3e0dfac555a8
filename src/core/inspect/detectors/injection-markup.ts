/** Markup that carries data out when it is rendered. */
import { nextSight } from "../next-sight.ts";
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { BASE64, entropyOf, fits, TOKEN } from "./secret-value.ts";

const URL_MAX = 400;
const ALT_MAX = 60;
const PAYLOAD_MIN = 12;
const BLANK_MIN = 4;
/** Text has less entropy than keys and hashes, decoded; this share of its units must be plain. */
const PRINTABLE_SHARE = 0.95;

export const INJECTION_MARKUP: readonly Signature[] = [
  signature(["!["], imageAt),
  signature(["](ht"], linkAt),
  signature(["<img"], imageTagAt),
];

function signature(anchors: readonly string[], match: Signature["match"]): Signature {
  return { detector: "injection", anchors, wordStart: false, match };
}

function imageAt(view: View, at: number): Outcome {
  const { text, stop, final } = view;
  if (!text.startsWith("![", at)) return undefined;
  const most = Math.min(stop, at + 2 + ALT_MAX);
  let i = at + 2;
  while (i < most && text[i] !== "]") i += 1;
  if (i + 1 >= stop) return final ? undefined : MORE;
  return text.startsWith("](", i) ? urlAt(view, at, i + 2, 92) : undefined;
}

function linkAt(view: View, at: number): Outcome {
  return view.text.startsWith("](", at) ? urlAt(view, at, at + 2, 84) : undefined;
}

const CLOSES_TAG = 0x3e;
const SOURCE_OR_END = /src=|>/gi;

function imageTagAt(view: View, at: number): Outcome {
  const { text, stop, final } = view;
  const most = Math.min(stop, at + URL_MAX);
  const found = nextSight(view, SOURCE_OR_END, at + 4, most);
  if (found === most) return final || most < stop ? undefined : MORE;
  if (text.charCodeAt(found) === CLOSES_TAG) return undefined;
  const from = found + 4;
  if (from >= stop) return final ? undefined : MORE;
  const quoted = text[from] === '"' || text[from] === "'";
  return urlAt(view, at, from + (quoted ? 1 : 0), 90);
}

/** A URL whose query or last segment is a blank to fill in, or readable text in base64. */
function urlAt({ text, stop, final }: View, at: number, from: number, score: number): Outcome {
  const most = Math.min(stop, from + URL_MAX);
  let end = from;
  while (end < most && unitKind(text.charCodeAt(end)) !== ENDS_URL) end += 1;
  if (end === stop && !final) return MORE;
  if (!/^https?:\/\//i.test(text.slice(from, Math.min(end, from + 8)))) return undefined;
  if (!carriesOut(text, from + 8, end)) return undefined;
  return { signature: "exfiltration-markup", score, confidence: score / 100, start: at, end };
}

/** Values of `URL_UNITS`. */
const ENDS_URL = 1;
const DIVIDES_URL = 2;
const BEGINS_BLANK = 3;
const URL_UNITS = new Uint8Array(128);
for (const sign of " \t\r\n()>\"'`") URL_UNITS[sign.charCodeAt(0)] = ENDS_URL;
for (const sign of "/?&=#") URL_UNITS[sign.charCodeAt(0)] = DIVIDES_URL;
for (const sign of "{[$%") URL_UNITS[sign.charCodeAt(0)] = BEGINS_BLANK;

function unitKind(unit: number): number {
  return unit < 128 ? (URL_UNITS[unit] ?? 0) : 0;
}

/** A piece after the first of `[from, to)`, as `/?&=#` divide it, has room for something. */
function carriesOut(text: string, from: number, to: number): boolean {
  let start = -1;
  for (let i = from; i <= to; i += 1) {
    if (i < to && unitKind(text.charCodeAt(i)) !== DIVIDES_URL) continue;
    if (start >= 0 && i - start >= BLANK_MIN) {
      const piece = mayCarry(text, start, i) ? text.slice(start, i) : "";
      if (isBlank(piece) || hidesText(piece)) return true;
    }
    start = i + 1;
  }
  return false;
}

/** Long enough to hide text, or with a sign that a blank begins with. */
function mayCarry(text: string, start: number, end: number): boolean {
  return end - start >= PAYLOAD_MIN || unitKind(text.charCodeAt(start)) === BEGINS_BLANK;
}

/** `{data}`, `[SUMMARY]`, `$SECRET`, `<history>`, percent-encoded too. */
function isBlank(piece: string): boolean {
  if (piece.length < BLANK_MIN || piece.length > 80) return false;
  if (unitKind(piece.charCodeAt(0)) !== BEGINS_BLANK) return false;
  const plain = piece.replaceAll(/%7b/gi, "{").replaceAll(/%5b/gi, "[");
  return /^(?:\{\{?|\[|\$\{?)[a-z_ .-]{3,}/i.test(plain) && !/^\{\{?\s*(?:site|page)/i.test(plain);
}

function hidesText(piece: string): boolean {
  let length = 0;
  while (length < piece.length && fits(BASE64 | TOKEN, piece.charCodeAt(length))) length += 1;
  if (length < PAYLOAD_MIN) return false;
  const value = piece.slice(0, length);
  if (!/[A-Z]/.test(value) || !/[a-z]/.test(value) || entropyOf(value) < 3) return false;
  return isReadable(decodeBase64(value));
}

function decodeBase64(value: string): readonly number[] {
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (let i = 0; i < value.length; i += 1) {
    const six = ALPHABET.indexOf(value.charAt(i).replace("-", "+").replace("_", "/"));
    if (six < 0) break;
    bits = ((bits << 6) | six) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push((bits >> count) & 0xff);
  }
  return bytes;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function isReadable(bytes: readonly number[]): boolean {
  const plain = bytes.filter((byte) => byte >= 0x20 && byte < 0x7f).length;
  return bytes.length >= (PAYLOAD_MIN * 3) / 4 && plain / bytes.length >= PRINTABLE_SHARE;
}
