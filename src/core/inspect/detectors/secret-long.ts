/** Secrets longer than any window: decided by their beginning, taken out to their end. */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { BASE64, fits, TOKEN, DOT } from "./secret-value.ts";
import { runEnd } from "./unit-run.ts";

const PEM_LABEL_MAX = 40;
const PEM_BODY_MIN = 24;
const JWT_SEGMENT_MIN = 10;

const JWT_HEAD = "eyJ";
const PEM_HEAD = "-----BEGIN ";

export const LONG_SECRETS: readonly Signature[] = [
  { detector: "secret", anchors: [PEM_HEAD], wordStart: false, match: privateKeyAt },
  { detector: "secret", anchors: [JWT_HEAD], wordStart: true, match: jwtAt },
];

/** @see https://www.rfc-editor.org/rfc/rfc7468 */
function privateKeyAt({ text, stop, final }: View, at: number): Outcome {
  const head = text.slice(at, Math.min(stop, at + PEM_HEAD.length));
  if (!PEM_HEAD.startsWith(head)) return undefined;
  const label = at + PEM_HEAD.length;
  const close = text.indexOf("-----", label);
  if (close < 0 || close + 5 > stop) {
    return final || stop - label > PEM_LABEL_MAX + 5 ? undefined : MORE;
  }
  if (close - label > PEM_LABEL_MAX || !text.slice(label, close).includes("PRIVATE KEY")) {
    return undefined;
  }
  let units = 0;
  for (let i = close + 5; i < stop; i += 1) {
    const unit = text.charCodeAt(i);
    if (fits(BASE64, unit)) units += 1;
    else if (!pemUnit(unit, text.charCodeAt(i - 1))) return undefined;
    if (units < PEM_BODY_MIN) continue;
    return {
      signature: "private-key",
      score: 98,
      confidence: 0.98,
      start: at,
      end: i + 1,
      more: pemUnit,
    };
  }
  return final ? undefined : MORE;
}

/** Base64, line ends (also written `\n`), indents, and `Name: value` lines of old formats. */
function pemUnit(unit: number, before: number): boolean {
  if (fits(BASE64, unit) || unit === 0x0a || unit === 0x0d || unit === 0x09) return true;
  if (unit === 0x5c || unit === 0x3a || unit === 0x2c || unit === 0x2d) return true;
  const indents = before === 0x0a || before === 0x20 || before === 0x3a || before === 0x09;
  return unit === 0x20 && indents;
}

/** @see https://www.rfc-editor.org/rfc/rfc7519 */
function jwtAt(view: View, at: number): Outcome {
  const { text, stop, final } = view;
  let from = at;
  for (let segment = 0; segment < 2; segment += 1) {
    const head = text.slice(from, Math.min(stop, from + JWT_HEAD.length));
    if (!JWT_HEAD.startsWith(head)) return undefined;
    const end = runEnd(view, TOKEN, from, stop);
    if (segment === 1 && end - from >= JWT_SEGMENT_MIN) {
      const known = from + JWT_SEGMENT_MIN;
      return { signature: "jwt", score: 90, confidence: 0.9, start: at, end: known, more: jwtUnit };
    }
    if (end === stop) return final ? undefined : MORE;
    if (text[end] !== "." || end - from < JWT_SEGMENT_MIN) return undefined;
    from = end + 1;
  }
  return undefined;
}

function jwtUnit(unit: number): boolean {
  return fits(TOKEN | DOT, unit);
}
