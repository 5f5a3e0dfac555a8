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

/** What such an array says in a JSON text, and where its numbers stand. */
export interface Spelled {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

const BEGINS = /\[\s*(?:\d{1,3}\s*,\s*){11}\d{1,3}(?![\d.eE])/y;
const ITEM = /-?\d[\d.eE+-]*|null|true|false/y;

/** `bracket`: where the array begins. What is neither number nor word ends what it says. */
export function spelledAt(text: string, bracket: number): Spelled | undefined {
  BEGINS.lastIndex = bracket;
  if (!BEGINS.test(text)) return undefined;
  const start = behindSpace(text, bracket + 1);
  const items: number[] = [];
  let end = start;
  for (let at = start; ; at = behindSpace(text, at + 1)) {
    const itemEnd = takeItem(text, at, items);
    if (itemEnd < 0) break;
    end = itemEnd;
    at = behindSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
  }
  const value = spelledBy(items);
  return value === undefined ? undefined : { start, end, value };
}

/** Where the item ends; -1: it is none. Codes are read by hand: there may be a million. */
function takeItem(text: string, from: number, items: number[]): number {
  let code = 0;
  let at = from;
  let unit = text.charCodeAt(at);
  while (unit >= 0x30 && unit <= 0x39) {
    code = code * 10 + unit - 0x30;
    at += 1;
    unit = text.charCodeAt(at);
  }
  if (at > from && unit !== POINT && unit !== SMALL_E && unit !== LARGE_E) {
    items.push(code);
    return at;
  }
  ITEM.lastIndex = from;
  const item = ITEM.exec(text)?.[0];
  if (item === undefined) return -1;
  items.push(Number(item));
  return from + item.length;
}

const COMMA = 0x2c;
const POINT = 0x2e;
const LARGE_E = 0x45;
const SMALL_E = 0x65;

/** The first unit from there on that is no space. */
export function behindSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return at;
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
