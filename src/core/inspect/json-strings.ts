/**
 * The texts in a JSON document, in place: string literals, and arrays that spell one. What reads or
 * rewrites them leaves every other byte, and every number's digits, as they were.
 */
import { behindSpace, personalNumber, spelledAt, spelling } from "./json-numbers.ts";

export interface JsonString {
  /** Offsets of the literal with its quotes, or of an array's numbers. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
  /** The name of the member whose value it is; empty for other texts. */
  readonly label: string;
  /** A member's name. */
  readonly isName: boolean;
  /** Written as an array of the characters' codes. */
  readonly spelled: boolean;
}

/** With the numbers that are looked at by their names. `undefined` if the text is not JSON. */
export function jsonStrings(text: string): readonly JsonString[] | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const found: JsonString[] = [];
  /** Of the member whose value comes next, and where that begins. */
  let name = "";
  let valueAt = -1;
  const first = text.indexOf('"');
  let bracket = spelledBefore(text, text.indexOf("["), first, found);
  for (let start = first; start >= 0;) {
    const end = literalEnd(text, start);
    const plain = text.slice(start + 1, end - 1);
    const value = plain.includes("\\") ? unescape(text, start, end) : plain;
    const label = start === valueAt ? name : "";
    name = value;
    valueAt = memberValue(text, end);
    found.push({ start, end, value, label, isName: valueAt >= 0, spelled: false });
    const number = valueAt < 0 ? undefined : numberAt(text, valueAt, name);
    if (number !== undefined) found.push(number);
    start = text.indexOf('"', end);
    if (bracket >= 0 && bracket < end) bracket = text.indexOf("[", end);
    bracket = spelledBefore(text, bracket, start, found);
  }
  return found;
}

/** Takes what arrays say that begin between two literals. Where the next array begins; -1: nowhere. */
function spelledBefore(text: string, from: number, to: number, found: JsonString[]): number {
  let bracket = from;
  while (bracket >= 0 && (to < 0 || bracket < to)) {
    const spelled = spelledAt(text, bracket);
    if (spelled !== undefined) found.push({ ...spelled, label: "", isName: false, spelled: true });
    bracket = text.indexOf("[", spelled === undefined ? bracket + 1 : spelled.end);
  }
  return bracket;
}

/** Where the value begins if the literal that ends here is a name; -1: it is none. */
function memberValue(text: string, end: number): number {
  const colon = behindSpace(text, end);
  return text.charCodeAt(colon) === COLON ? behindSpace(text, colon + 1) : -1;
}

const COLON = 0x3a;

const DIGITS = /\d{9,16}(?![\d.eE])/y;

function numberAt(text: string, start: number, label: string): JsonString | undefined {
  DIGITS.lastIndex = start;
  const digits = DIGITS.exec(text)?.[0];
  if (digits === undefined) return undefined;
  const value = personalNumber(label, Number(digits));
  if (value === undefined) return undefined;
  return { start, end: start + digits.length, value, label, isName: false, spelled: false };
}

/** `text` with the i-th literal replaced by `values[i]` where that differs. */
export function replaceJsonStrings(
  text: string,
  strings: readonly JsonString[],
  values: readonly string[],
): string {
  let out = "";
  let done = 0;
  for (let i = 0; i < strings.length; i += 1) {
    const literal = strings[i];
    const value = values[i];
    if (literal === undefined || value === undefined || value === literal.value) continue;
    const written = literal.spelled ? spelling(value).join(",") : JSON.stringify(value);
    out += text.slice(done, literal.start) + written;
    done = literal.end;
  }
  return out + text.slice(done);
}

function literalEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === 0x5c) i += 1;
    else if (unit === 0x22) return i + 1;
  }
  return text.length;
}

function unescape(text: string, start: number, end: number): string {
  const value: unknown = JSON.parse(text.slice(start, end));
  return typeof value === "string" ? value : "";
}
