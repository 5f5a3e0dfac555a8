/** Numbers of a document that are text to whoever reads them: characters in a row, a card, a phone. */
import type { JsonValue } from "../json.ts";

/** Numbers in a row that say something. */
const SPELLED_MIN = 12;
/** Nobody is known by a smaller number. */
const PERSONAL_MIN = 100_000_000;
/** What such numbers are called: others are amounts, times and keys of tables. */
const PERSONAL =
  /card|^cc|credit|\bpan$|phone|mobile|^tel|fax|ssn|^sin$|social|tax|passport|national|insur|acc(?:oun)?t/i;

/** What an array of character codes says; undefined: it is none. */
export function spelledBy(items: readonly JsonValue[]): string | undefined {
  if (items.length < SPELLED_MIN) return undefined;
  for (let i = 0; i < SPELLED_MIN; i += 1) if (!isPrintable(items[i])) return undefined;
  let text = "";
  for (const item of items) text += isUnit(item) ? String.fromCharCode(item) : "\n";
  return text;
}

/** The array again, of the text that is left. */
export function spelling(text: string): readonly number[] {
  return Array.from(text, (_, i) => text.charCodeAt(i));
}

/** A number that may be looked at as the text that it would be in quotes. */
export function personalNumber(name: string, value: JsonValue): string | undefined {
  if (typeof value !== "number" || value < PERSONAL_MIN || !Number.isSafeInteger(value)) {
    return undefined;
  }
  return PERSONAL.test(name) ? String(value) : undefined;
}

function isUnit(item: JsonValue): item is number {
  return typeof item === "number" && Number.isInteger(item) && item >= 0 && item <= 0xffff;
}

function isPrintable(item: JsonValue | undefined): boolean {
  if (typeof item !== "number" || !Number.isInteger(item)) return false;
  return (item >= 0x20 && item < 0x7f) || item === 0x09 || item === 0x0a || item === 0x0d;
}
