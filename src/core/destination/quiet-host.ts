/**
 * Hosts that take long to read and say nothing at a glance, told in two passes over their units: a
 * text may be full of them. In doubt a host is not quiet; see `glance.ts`.
 */
import { mayShowTelling } from "./known-brands.ts";
import { isKnown } from "./standing.ts";

const SCHEME_UNITS_MAX = 16;
const HOST_UNITS_MAX = 256;
const PORT_DIGITS_MAX = 5;
/** What stands behind a host and is as long may carry something. */
const CARRYING_MIN = 12;

const ASCII_END = 0x80;
// What a unit of an authority is.
const PLAIN = 0;
/** Takes long to read. */
const INTRICATE = 1;
const ESCAPE = 2;
const DIVIDER = 3;
const END = 4;
/** May be anything: user, second port, a sign that readers disagree about. */
const DOUBTFUL = 5;
const kinds = new Uint8Array(ASCII_END).fill(DOUBTFUL);
setKinds("abcdefghijklmnopqrstuvwxyz0123456789-_.!$&'()*+,;=~", PLAIN);
setKinds("{}\u007f", INTRICATE);
setKinds("%", ESCAPE);
setKinds(":", DIVIDER);
setKinds("/", END);

function setKinds(signs: string, kind: number): void {
  for (const sign of signs) kinds[sign.charCodeAt(0)] = kind;
}

/** Escaped, these end the authority for some readers. */
const CONFUSING = new Set([0x00, 0x09, 0x0a, 0x0d, 0x23, 0x2f, 0x3f, 0x40, 0x5c]);

/** The host at hand, without the root's dot. */
const units = new Uint16Array(HOST_UNITS_MAX);
const host = { from: 0, count: 0, isIntricate: false };

/**
 * The scheme of an address whose host takes long to read, if nothing but its scheme may speak against
 * it at a glance. `looks`: the address with what looks like a letter or digit in its place.
 */
export function schemeOfQuiet(text: string, looks: string): string | undefined {
  const colon = colonBehindScheme(text);
  if (!readHost(text, colon) || !host.isIntricate) return undefined;
  if (looks !== text && !readHost(looks, colonBehindScheme(looks))) return undefined;
  // A name that stands for this machine may have others below it.
  if (looks.includes("local")) return undefined;
  return isQuiet(looks) ? text.slice(0, colon).toLowerCase() : undefined;
}

/** -1: in doubt. */
function colonBehindScheme(text: string): number {
  const colon = text.indexOf(":");
  if (colon > SCHEME_UNITS_MAX) return -1;
  for (let i = 0; i < colon; i += 1) {
    const lower = text.charCodeAt(i) | 0x20;
    if (lower < LETTER_A || lower > LETTER_Z) return -1;
  }
  return colon;
}

const LETTER_A = 0x61;
const LETTER_Z = 0x7a;

/** False: in doubt. */
function readHost(text: string, colon: number): boolean {
  if (colon < 1) return false;
  let from = colon + 1;
  while (text.charCodeAt(from) === SLASH) from += 1;
  host.from = from;
  host.isIntricate = false;
  const most = Math.min(text.length, from + HOST_UNITS_MAX);
  let i = from;
  for (; i < most; i += 1) {
    const unit = text.charCodeAt(i);
    const kind = unit < ASCII_END ? (kinds[unit] ?? DOUBTFUL) : INTRICATE;
    if (kind === PLAIN) units[i - from] = unit;
    else if (kind === END || kind === DIVIDER) break;
    else if (kind === DOUBTFUL || isForeignSpace(unit)) return false;
    else if (kind === ESCAPE && isConfusing(text, i)) return false;
    else {
      host.isIntricate = true;
      units[i - from] = unit;
    }
  }
  host.count = units[i - from - 1] === DOT ? i - from - 1 : i - from;
  return i > from && isPlainBehind(text, i);
}

const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;

/** A port and a short path at most. */
function isPlainBehind(text: string, at: number): boolean {
  let end = at;
  if (text.charCodeAt(at) === COLON) {
    end += 1;
    while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
    if (end - at > PORT_DIGITS_MAX + 1) return false;
  }
  if (end < text.length && text.charCodeAt(end) !== SLASH) return false;
  return text.length - end < CARRYING_MIN;
}

/** An escape that stands for no sign, or for one that ends the authority for some readers. */
function isConfusing(text: string, at: number): boolean {
  return CONFUSING.has(Number.parseInt(text.slice(at + 1, at + 3), 16));
}

/** As in `\s`. */
function isForeignSpace(unit: number): boolean {
  if (unit < 0x1680) return unit === 0xa0;
  if (unit >= 0x2000 && unit <= 0x200a) return true;
  return (
    unit === 0x1680 ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000 ||
    unit === 0xfeff
  );
}

/** It looks like no address, like no name that is known, and has no brand in it. */
function isQuiet(looks: string): boolean {
  const { from, count } = host;
  if (count === 0 || isDigit(units[0] ?? 0) || !hasLetter(count)) return false;
  return !mayShowTelling(units, count) && !isKnown(looks.slice(from, from + count), units);
}

/** One that no number is written with, in any base. */
function hasLetter(count: number): boolean {
  for (let i = 0; i < count; i += 1) {
    const unit = units[i] ?? 0;
    if (!isDigit(unit) && unit !== DOT && (unit < LETTER_A || unit > LETTER_F) && unit !== LETTER_X)
      return true;
  }
  return false;
}

const LETTER_F = 0x66;
const LETTER_X = 0x78;

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
