/**
 * Characters written as escapes, in one pass: `%69`, `&#105;`, `&lt;`, `\u0069`, `\x69`, and the
 * `=69` of quoted-printable. Each is shorter decoded, so offsets map back.
 */
import type { OffsetMap } from "../fold.ts";
import { isDigit } from "../text-units.ts";
import { isSequenced } from "./readable.ts";

/** The longest escape: `&#x10ffff;`. */
const ESCAPE_MAX = 10;

/** What escapes begin with. */
const ESCAPE_SIGNS = ["%", "&", "=", "\\"];

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const HASH = 0x23;

const NAMED: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: " ",
  colon: ":",
  sol: "/",
  lpar: "(",
  rpar: ")",
  tab: "\t",
  newline: "\n",
  period: ".",
  excl: "!",
  equals: "=",
  commat: "@",
  lowbar: "_",
};

export interface Unescaped {
  readonly text: string;
  readonly layer: string;
}

/**
 * Units searched at once: each sign is looked for apart, a search costs a tenth of reading. Few at
 * first, for behind one escape the next is near.
 */
const SEARCHED_MIN = 128;
const SEARCHED_MAX = 2048;

/** Where the first escape from `from` on stands, or -1: little is read behind there. */
export function nextEscape(text: string, from: number): number {
  let searched = SEARCHED_MIN;
  for (let at = from; at < text.length;) {
    const some = text.slice(at, at + searched);
    let nearest = some.length;
    for (const sign of ESCAPE_SIGNS) {
      let place = some.indexOf(sign);
      while (place >= 0 && place < nearest) {
        if (begins(text, at + place)) nearest = place;
        else place = some.indexOf(sign, place + 1);
      }
    }
    if (nearest < some.length) return at + nearest;
    at += searched;
    searched = Math.min(4 * searched, SEARCHED_MAX);
  }
  return -1;
}

/** Units of the escape that stands at `at`; 0 where none does. */
export function escapeWidth(text: string, at: number, stop: number): number {
  const found = isSign(text.charCodeAt(at)) ? escapeAt(text, at, stop) : NO_ESCAPE;
  return found === NO_ESCAPE ? 0 : widthOf(found);
}

function begins(text: string, at: number): boolean {
  const isSought = text.charCodeAt(at) !== EQUALS || isQuoted(text, at);
  return isSought && escapeAt(text, at, text.length) !== NO_ESCAPE;
}

/**
 * Of quoted-printable, whose sign is everywhere, what programs cannot do without: a soft line
 * break, `=3D`, `=20`.
 */
function isQuoted(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  const then = text.charCodeAt(at + 2);
  if (next === 0x32) return then === 0x30 && !isCount(text, at + 1);
  return next === 0x0a || (next === 0x0d ? then === 0x0a : next === 0x33 && then === 0x44);
}

/** `status=200`, `year=2026` and `since=20260301` are numbers, not spaces before a digit. */
function isCount(text: string, start: number): boolean {
  let end = start;
  while (end < start + COUNT_DIGITS_MAX && isDigit(text.charCodeAt(end))) end += 1;
  const digits = end - start;
  return digits === 3 || digits === 4 || digits === 8;
}

const COUNT_DIGITS_MAX = 9;

/** Where an escape begins that the end of the text cuts short; its length if none does. */
export function openEscape(text: string, from: number): number {
  for (let at = Math.max(from, text.length - ESCAPE_MAX); at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const begins = unit === PERCENT || unit === AMPERSAND || unit === BACKSLASH || unit === EQUALS;
    if (begins && isOpen(text, at)) return at;
  }
  return text.length;
}

/** Nothing since the sign rules out that an escape comes. */
function isOpen(text: string, at: number): boolean {
  for (let i = at + 1; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === SEMICOLON || unit === 0x20 || unit === 0x0a) return false;
  }
  return true;
}

/** A stretch, with what its word began with. */
const UNITS_MAX = 1024;
const plainUnits = new Uint16Array(UNITS_MAX);

/** At most `UNITS_MAX` units. */
export function unescape(text: string, start: number, end: number): Unescaped {
  let layer = "url";
  let count = 0;
  let bits = 0;
  for (let at = start; at < end;) {
    let unit = text.charCodeAt(at);
    const found = isSign(unit) ? escapeAt(text, at, end) : NO_ESCAPE;
    if (found === NO_ESCAPE) at += 1;
    else {
      layer = layerOf(unit);
      at += widthOf(found);
      unit = found >> WIDTH_BITS;
      if (unit === SOFT_BREAK) continue;
    }
    plainUnits[count] = unit;
    bits |= unit;
    count += 1;
  }
  return { text: textOf(plainUnits.subarray(0, count), bits), layer };
}

/** From decoded offsets to offsets in the stretch. */
export function escapesMap(text: string, start: number, end: number): OffsetMap {
  const map: OffsetMap = { at: [], delta: [] };
  let count = 0;
  for (let at = start; at < end;) {
    const found = isSign(text.charCodeAt(at)) ? escapeAt(text, at, end) : NO_ESCAPE;
    if (found === NO_ESCAPE || found >> WIDTH_BITS !== SOFT_BREAK) count += 1;
    at += found === NO_ESCAPE ? 1 : widthOf(found);
    if (found === NO_ESCAPE) continue;
    map.at.push(count);
    map.delta.push(at - start - count);
  }
  return map;
}

function layerOf(unit: number): string {
  if (unit === PERCENT) return "url";
  if (unit === AMPERSAND) return "html";
  return unit === EQUALS ? "quoted-printable" : "escapes";
}

function isSign(unit: number): boolean {
  return unit < ASCII_END && SIGNS[unit] === 1;
}

const ASCII_END = 0x80;
const SIGNS = new Uint8Array(ASCII_END);
for (const sign of ESCAPE_SIGNS) SIGNS[sign.charCodeAt(0)] = 1;

/**
 * An escape as one number, for there may be thousands: the unit it stands for and its width. Bytes
 * above 0x7f come as units of their own; a soft line break stands for none.
 */
type Escape = number;

const NO_ESCAPE: Escape = -1;
const WIDTH_BITS = 4;
const SOFT_BREAK = 0x1_0000;

function escapeOf(value: number, width: number): Escape {
  return (value << WIDTH_BITS) | width;
}

function widthOf(escape: Escape): number {
  return escape & ((1 << WIDTH_BITS) - 1);
}

function escapeAt(text: string, at: number, stop: number): Escape {
  switch (text.charCodeAt(at)) {
    case PERCENT:
      return hexEscape(text, at, 1, 2, stop);
    case AMPERSAND:
      return entityAt(text, at, stop);
    case EQUALS:
      return quotedAt(text, at, stop);
    case BACKSLASH: {
      const letter = text.charCodeAt(at + 1) | 0x20;
      if (letter === 0x75) return hexEscape(text, at, 2, 4, stop);
      return letter === 0x78 ? hexEscape(text, at, 2, 2, stop) : NO_ESCAPE;
    }
    default:
      return NO_ESCAPE;
  }
}

function hexEscape(text: string, at: number, sign: number, digits: number, stop: number): Escape {
  const width = sign + digits;
  if (at + width > stop) return NO_ESCAPE;
  let value = 0;
  for (let i = at + sign; i < at + width; i += 1) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return NO_ESCAPE;
    value = value * 16 + digit;
  }
  return escapeOf(value, width);
}

function quotedAt(text: string, at: number, stop: number): Escape {
  if (text.charCodeAt(at + 1) === 0x0a && at + 2 <= stop) return escapeOf(SOFT_BREAK, 2);
  if (text.startsWith("\r\n", at + 1) && at + 3 <= stop) return escapeOf(SOFT_BREAK, 3);
  const found = hexEscape(text, at, 1, 2, stop);
  // Nobody writes such units so: `host=127.0.0.1` is an address.
  return found !== NO_ESCAPE && isControl(found >> WIDTH_BITS) ? NO_ESCAPE : found;
}

function isControl(value: number): boolean {
  return value < 0x20 && value !== 0x09 && value !== 0x0a && value !== 0x0d;
}

function entityAt(text: string, at: number, stop: number): Escape {
  const most = Math.min(stop, at + ESCAPE_MAX);
  let end = at + 1;
  while (end < most && text.charCodeAt(end) !== SEMICOLON) end += 1;
  if (end === most) return NO_ESCAPE;
  const width = end + 1 - at;
  if (text.charCodeAt(at + 1) !== HASH) {
    const plain = NAMED[text.slice(at + 1, end).toLowerCase()];
    return plain === undefined ? NO_ESCAPE : escapeOf(plain.charCodeAt(0), width);
  }
  const value = numberOf(text, at + 2, end);
  // Past the plane that one unit reaches there are no letters to hide.
  return value < 0 || value > 0xffff ? NO_ESCAPE : escapeOf(value, width);
}

/** `105` or `x69`; -1 for what is no number. */
function numberOf(text: string, start: number, end: number): number {
  const isHex = (text.charCodeAt(start) | 0x20) === 0x78;
  const from = isHex ? start + 1 : start;
  let value = from < end ? 0 : -1;
  for (let i = from; i < end; i += 1) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0 || (digit > 9 && !isHex)) return -1;
    value = value * (isHex ? 16 : 10) + digit;
  }
  return value;
}

function hexDigit(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const plainBytes = new Uint8Array(UNITS_MAX);

/**
 * `bits`: of all units. Bytes that stand as units of their own become the characters they spell. The
 * text may get shorter than its map says: offsets then point a little early, never outside.
 */
function textOf(units: Uint16Array, bits: number): string {
  if (bits <= 0xff) {
    plainBytes.set(units);
    const bytes = plainBytes.subarray(0, units.length);
    // Most that is none is told without an error made.
    if (bits < ASCII_END || isSequenced(bytes)) {
      try {
        return utf8.decode(bytes);
      } catch {
        // Sequences that spell nothing stay what they are.
      }
    }
  }
  return Reflect.apply(String.fromCharCode, undefined, units);
}
