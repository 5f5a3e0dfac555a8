/** Characters written as numbers: `73 103 110`, `0x49 0x67`, `01001001 01100111`, `\\111\\147`, Morse. */
import { onesOf } from "../find-anchor.ts";
import { isDigit, isLetter } from "../text-units.ts";

/** Numbers in a row that say something. */
const NUMBERS_MIN = 12;
const NUMBERS_MAX = 1024;
/** Of what comes out, letters and spaces; told by the first ones, too. */
const LETTERS_SHARE = 0.8;
const PROBE = 10;
/** Different characters: what repeats a few numbers is a table. */
const DISTINCT_MIN = 4;
/** What stands between two numbers, with the second's prefix. */
const GAP_MAX = 6;
const DIGITS_MAX = 8;

const BINARY = 1;
const DECIMAL = 2;
const HEX = 4;
const OCTAL = 8;
const RADICES: readonly (readonly [shape: number, radix: number])[] = [
  [BINARY, 2],
  [DECIMAL, 10],
  [HEX, 16],
  [OCTAL, 8],
];

/** The row at hand: where its numbers begin and end. */
const starts = new Int32Array(NUMBERS_MAX);
const ends = new Int32Array(NUMBERS_MAX);

/** Where what was read last stood. */
export const lastRow = { start: 0, end: 0 };

/** What the first row of numbers says that is text. */
export function fromNumbers(text: string): string | undefined {
  for (let at = nextNumber(text, 0); at >= 0;) {
    const row = readRow(text, at);
    if (row.count >= NUMBERS_MIN) {
      const plain = plainOf(text, row.count, row.shapes);
      if (plain !== undefined) {
        lastRow.start = at;
        lastRow.end = row.end;
        return plain;
      }
    }
    at = nextNumber(text, Math.max(row.end, at + 1));
  }
  return undefined;
}

function nextNumber(text: string, from: number): number {
  for (let i = from; i < text.length; i += 1) if (isDigit(text.charCodeAt(i))) return i;
  return -1;
}

/** Numbers that may all be of one shape. */
function readRow(text: string, first: number) {
  let shapes = BINARY | DECIMAL | HEX | OCTAL;
  let count = 0;
  let end = first;
  for (let at = first; at >= 0 && count < NUMBERS_MAX; at = numberAfter(text, end)) {
    // The zero of `0x49` is no digit of it.
    const start = (text.charCodeAt(at + 1) | 0x20) === X ? at + 2 : at;
    const stop = digitsEnd(text, start);
    const both = shapes & shapesOf(text, start, stop);
    if (both === 0) return { count, shapes, end: count === 0 ? stop : end };
    shapes = both;
    starts[count] = start;
    ends[count] = stop;
    count += 1;
    end = stop;
  }
  return { count, shapes, end };
}

const X = 0x78;

/** Where the next number of the row begins; -1: it is over. Only a prefix has letters. */
function numberAfter(text: string, from: number): number {
  const most = Math.min(text.length, from + GAP_MAX);
  for (let i = from; i < most; i += 1) {
    const unit = text.charCodeAt(i);
    if (isDigit(unit)) return i;
    if (isLetter(unit) && !isDigit(text.charCodeAt(i + 1))) return -1;
  }
  return -1;
}

function digitsEnd(text: string, start: number): number {
  let i = start;
  while (i - start <= DIGITS_MAX && isHexDigit(text.charCodeAt(i))) i += 1;
  return i;
}

function isHexDigit(unit: number): boolean {
  const lower = unit | 0x20;
  return isDigit(unit) || (lower >= 0x61 && lower <= 0x66);
}

function shapesOf(text: string, start: number, end: number): number {
  const length = end - start;
  let shapes = length === 2 ? HEX : 0;
  if (length === 2 || length === 3) shapes |= DECIMAL | OCTAL;
  if (length === 7 || length === 8) shapes |= BINARY;
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0x31) shapes &= ~BINARY;
    if (unit > 0x37) shapes &= ~OCTAL;
    if (unit > 0x39) shapes &= ~DECIMAL;
  }
  return shapes;
}

function plainOf(text: string, count: number, shapes: number): string | undefined {
  for (const [shape, radix] of RADICES) {
    if ((shapes & shape) === 0) continue;
    decode(text, 0, Math.min(PROBE, count), radix);
    if (!isSaid(Math.min(PROBE, count))) continue;
    decode(text, PROBE, count, radix);
    if (!isSaid(count) || !isVaried(count)) continue;
    return Reflect.apply(String.fromCharCode, undefined, said.subarray(0, count));
  }
  return undefined;
}

/** What the row says by the radix at hand. */
const said = new Uint16Array(NUMBERS_MAX);

function decode(text: string, from: number, to: number, radix: number): void {
  for (let i = from; i < to; i += 1) said[i] = valueOf(text, starts[i] ?? 0, ends[i] ?? 0, radix);
}

/** Of digits that are all of the radix. */
function valueOf(text: string, start: number, end: number, radix: number): number {
  let value = 0;
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i);
    value = value * radix + (isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x57);
  }
  return value;
}

/**
 * Letters and spaces mostly; or no words, but what keys are made of: rows of other numbers have control
 * characters or signs.
 */
function isSaid(count: number): boolean {
  let letters = 0;
  let others = 0;
  for (let i = 0; i < count; i += 1) {
    const unit = said[i] ?? 0;
    if (isLetter(unit) || unit === SPACE) letters += 1;
    else if (!isDigit(unit) && (unit >= ASCII_END || TOKEN_SIGNS[unit] === 0)) others += 1;
  }
  return others === 0 || letters >= LETTERS_SHARE * count;
}

const SPACE = 0x20;
const ASCII_END = 0x80;
const TOKEN_SIGNS = new Uint8Array(ASCII_END);
for (const sign of "_.:/+=@-") TOKEN_SIGNS[sign.charCodeAt(0)] = 1;

/** Characters that share their last five bits count as one. */
function isVaried(count: number): boolean {
  let seen = 0;
  for (let i = 0; i < count; i += 1) seen |= 1 << (said[i] ?? 0);
  return onesOf(seen) >= DISTINCT_MIN;
}

const MORSE =
  ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..";
const morseLetters = new Map(
  MORSE.split(" ").map((code, i) => [code, String.fromCharCode(0x61 + i)]),
);
const MORSE_REACH = 160;
const MORSE_DISTINCT_MIN = 6;
const MORSE_ROW = /(?:[.-]{1,5}[ /|\n]{1,5}){12,}[.-]{0,5}/g;

export function fromMorse(text: string): string | undefined {
  const rows = text.match(MORSE_ROW)?.filter(isMorse) ?? [];
  if (rows.length === 0) return undefined;
  return rows
    .map((row) =>
      row
        .split(/\s*[/|\n]\s*|\s{3,}/)
        .map((word) =>
          word
            .split(" ")
            .map((code) => morseLetters.get(code) ?? "")
            .join(""),
        )
        .join(" "),
    )
    .join("\n");
}

/** Paths and rules have few signs that differ. */
function isMorse(row: string): boolean {
  return new Set(row.slice(0, MORSE_REACH).split(/[ /|\n]+/)).size >= MORSE_DISTINCT_MIN;
}
