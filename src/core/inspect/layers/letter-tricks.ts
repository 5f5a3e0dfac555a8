/** Letters that are doubled, drawn out, or replaced by signs. */
import { isLetter, isWordUnit } from "../text-units.ts";

/** By sign: the letter that it stands for. */
const letterOf = new Uint8Array(0x80);
for (const pair of ["@a", "$s", "!i", "|l", "(c"]) {
  letterOf[pair.charCodeAt(0)] = pair.charCodeAt(1);
}
const BAR = 0x7c;
const PARENTHESIS = 0x28;
/** A letter so often in a row is drawn out; what is longer still is taken for two of them. */
const DRAWN_OUT_MIN = 3;
const DRAWN_OUT_MAX = 17;
const WORD_MIN = 4;
const WORD_MAX = 80;
/** Of the letters that a doubled word has, those that stand twice. */
const TWICE_SHARE = 0.7;

/** `IIggnnoorree`, and `ignooore`: nobody knows which of the two was meant, where both change. */
export function undoubled(text: string): string {
  const once = halved(text);
  const shorter = shortened(text);
  if (once === text) return shorter;
  return shorter === text ? once : `${once}\n${shorter}`;
}

/** With one letter of each pair in words that are made of pairs. */
function halved(text: string): string {
  let plain = "";
  let kept = 0;
  for (let start = 0; start < text.length;) {
    const end = wordEnd(text, start);
    const units = end - start;
    if (units >= WORD_MIN && lettersTwice(text, start, end) >= TWICE_SHARE * units) {
      plain += text.slice(kept, start);
      for (let i = start; i < end; i += 1) {
        plain += text.charAt(i);
        if (isPair(text, i, end)) i += 1;
      }
      kept = end;
    }
    start = Math.max(end, start + 1);
  }
  return kept === 0 ? text : plain + text.slice(kept);
}

function wordEnd(text: string, start: number): number {
  const most = Math.min(text.length, start + WORD_MAX);
  let end = start;
  while (end < most && isLetter(text.charCodeAt(end))) end += 1;
  return end;
}

function lettersTwice(text: string, start: number, end: number): number {
  let twice = 0;
  for (let i = start; i < end; i += 1) {
    if (!isPair(text, i, end)) continue;
    twice += 2;
    i += 1;
  }
  return twice;
}

/** A letter and the same behind it, whatever their case. */
function isPair(text: string, at: number, end: number): boolean {
  return at + 1 < end && (text.charCodeAt(at) | 0x20) === (text.charCodeAt(at + 1) | 0x20);
}

function shortened(text: string): string {
  let plain = "";
  let kept = 0;
  for (let start = 0; start < text.length;) {
    const unit = text.charCodeAt(start);
    let end = start + 1;
    if (isLetter(unit)) {
      const most = Math.min(text.length, start + DRAWN_OUT_MAX);
      while (end < most && (text.charCodeAt(end) | 0x20) === (unit | 0x20)) end += 1;
    }
    if (end - start >= DRAWN_OUT_MIN) {
      plain += text.slice(kept, start + 1);
      kept = end;
    }
    start = end;
  }
  return kept === 0 ? text : plain + text.slice(kept);
}

const UNITS_MAX = 2048;
const plainUnits = new Uint16Array(UNITS_MAX);

/** `!gn0r3`, `p@$$word`: digits are read as letters anyway. */
export function unsigned(text: string): string {
  let plain = "";
  for (let from = 0; from < text.length; from += UNITS_MAX) {
    const to = Math.min(text.length, from + UNITS_MAX);
    for (let i = from; i < to; i += 1) plainUnits[i - from] = letterAt(text, i);
    plain += Reflect.apply(String.fromCharCode, undefined, plainUnits.subarray(0, to - from));
  }
  return plain;
}

/** The letter that the sign at `at` stands for, between others or before them; else what stands there. */
function letterAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const letter = unit < letterOf.length ? (letterOf[unit] ?? 0) : 0;
  if (letter === 0) return unit;
  const before = text.charCodeAt(at - 1);
  const next = text.charCodeAt(at + 1);
  const isInside = (isInWord(before) || before === BAR) && (isInWord(next) || next === BAR);
  const isBegun = unit !== PARENTHESIS && !isWordUnit(before) && isInWord(next);
  return isInside || isBegun ? letter : unit;
}

/** Letters, digits, and signs that only stand for letters. */
function isInWord(unit: number): boolean {
  return isWordUnit(unit) || unit === AT_SIGN || unit === DOLLAR || unit === EXCLAMATION;
}

const AT_SIGN = 0x40;
const DOLLAR = 0x24;
const EXCLAMATION = 0x21;
