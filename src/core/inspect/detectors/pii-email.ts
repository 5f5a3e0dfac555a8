import { MORE, type Outcome, type View } from "../signature.ts";
import { isDigit, isLetter, isWordUnit } from "../text-units.ts";

export const EMAIL_DETECTOR = "pii.email";

/** Longest local part. @see https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1 */
const MAIL_LOCAL_MAX = 64;
const MAIL_DOMAIN_MAX = 255;
const TLD_MIN = 2;

/** Where the local part that ends before `at` begins; not before `floor`. */
export function mailStart(text: string, at: number, floor: number): number {
  const lowest = Math.max(0, floor, at - MAIL_LOCAL_MAX);
  let start = at;
  while (start > lowest && isLocalUnit(text.charCodeAt(start - 1))) start -= 1;
  return start;
}

/** An address whose `@` stands at `at` and whose local part begins at `start`. */
export function emailAt({ text, stop, final }: View, at: number, start: number): Outcome {
  if (start === at || !isWordUnit(text.charCodeAt(start)) || text[at - 1] === ".") return undefined;
  const before = start > 0 ? text.charCodeAt(start - 1) : 0;
  if (at - start === MAIL_LOCAL_MAX && isLocalUnit(before)) return undefined;
  const most = Math.min(stop, at + 1 + MAIL_DOMAIN_MAX);
  let end = at + 1;
  let dots = 0;
  let label = end;
  while (end < most) {
    const unit = text.charCodeAt(end);
    if (unit === 0x2e) {
      if (end === label) break;
      dots += 1;
      label = end + 1;
    } else if (!isWordUnit(unit) && unit !== 0x2d) break;
    end += 1;
  }
  if (end === stop && !final) return MORE;
  if (label === end && dots > 0) {
    end -= 1;
    dots -= 1;
    label = text.lastIndexOf(".", end - 1) + 1;
  }
  if (dots === 0 || end - label < TLD_MIN || !isLetters(text, label, end)) return undefined;
  return { signature: "address", score: 95, confidence: 0.95, start, end };
}

function isLetters(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (!isLetter(text.charCodeAt(i))) return false;
  return true;
}

function isLocalUnit(unit: number): boolean {
  return isLetter(unit) || isDigit(unit) || LOCAL_SIGNS.has(unit);
}

const LOCAL_SIGNS = new Set(Array.from("._%+-", (sign) => sign.charCodeAt(0)));
