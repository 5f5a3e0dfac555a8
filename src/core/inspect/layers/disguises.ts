/**
 * What disguises the words of a passage may wear, told in one pass over its units; nothing is
 * decoded, and nothing allocated, where none does.
 */
import { CIPHERS, VOTER_UNITS_MAX, votesOf } from "./ciphers.ts";
import { chosenCiphers, resetVotes, vote } from "./cipher-votes.ts";
import { GLUED_MIN, gluedLeet, gluedWords } from "./glued-words.ts";
import {
  isTell,
  JOINT_HEADS,
  jointEnd,
  JOINT_SIGNS,
  rejoined,
  TELL_UNITS_MAX,
  TELL_UNITS_MIN,
} from "./joints.ts";
import { isMixed, mixedDigits, mixedLetters, resetMixed } from "./mixed-run.ts";
import { beginsMailHost } from "./mail-host.ts";
import { load, openBlock } from "../text-block.ts";
import { fromMorse, fromNumbers, lastRow } from "./number-list.ts";
import { endRow, longestRow, readInRow, resetRow } from "./number-row.ts";
import { undoubled, unsigned } from "./letter-tricks.ts";
import { endSingles, isSpelled, readApart, resetSingles } from "./single-run.ts";
import { unspelled } from "./spelled-letters.ts";

export interface Disguise {
  readonly name: string;
  /** Everything is looked for in what it hides, not injection alone. */
  readonly encodes: boolean;
  /** What it takes to try for each unit of the passage, and for each that comes out. */
  readonly work: number;
  readonly saidWork: number;
  /** What hides in the passage; undefined: nothing does. */
  readonly plain: (passage: string) => string | undefined;
  /** Where in the passage that stood; undefined: all over it. */
  readonly place: { readonly start: number; readonly end: number } | undefined;
}

const SINGLES_MIN = 12;
const NUMBERS_MIN = 12;
const TELLS_MIN = 2;
const DRAWN_OUT_MIN = 4;
const SIGNS_MIN = 4;
const DOTS_MIN = 48;
const CODES_MIN = 11;
/** Of a word's letters, those that stand twice. */
const TWICE_SHARE = 0.7;
/** Disguises that are taken off one passage. */
const DISGUISES_MAX = 3;
/** Nothing is dear but to divide into words what is found. */
const DIVIDED = { work: 1, saidWork: 8 } as const;
const NUMBERS = { ...disguise("numbers", fromNumbers), encodes: true, place: lastRow };
const SPELLED = disguise("spelling", unspelled);
const JOINED = disguise("split-words", rejoined);
const GLUED = { ...disguise("glued-words", gluedWords), ...DIVIDED };
const MIXED = { ...disguise("glued-leet", gluedLeet), ...DIVIDED };
const DRAWN_OUT = disguise("drawn-out-letters", undoubled);
const SIGNED = disguise("leet", unsigned);
const DOTS = disguise("morse", fromMorse);
const HIDDEN: readonly Disguise[] = CIPHERS.map(({ name, plain }) => disguise(name, plain));

function disguise(name: string, plain: Disguise["plain"]): Disguise {
  return { name, encodes: false, work: 3, saidWork: 0, plain, place: undefined };
}

// What the loop over units reads is this module's own: V8 looks imports up on each read.
const OTHER = 0;
const LETTER = 1;
const DIGIT = 2;
const JOINT = 3;
const LEET_SIGN = 4;
const JOINT_SIGN = 5;
const TELL_MIN = TELL_UNITS_MIN;
const TELL_MAX = TELL_UNITS_MAX;
const kinds = Uint8Array.from({ length: 128 }, (_, unit) => {
  const char = String.fromCharCode(unit);
  if (/[a-z]/i.test(char)) return LETTER;
  if (/\d/.test(char)) return DIGIT;
  if (/[@$!]/.test(char)) return LEET_SIGN;
  if (JOINT_SIGNS[unit] === 1) return JOINT_SIGN;
  return JOINT_HEADS[unit] === 1 ? JOINT : OTHER;
});

/** Of the passage at hand. */
const counts = {
  singles: 0,
  tells: 0,
  drawnOut: 0,
  signs: 0,
  dots: 0,
  codes: 0,
  longest: 0,
};

export function disguisesOf(text: string, start: number, end: number): readonly Disguise[] {
  reset();
  load(block, text, start, end);
  read(text, start, end);
  const found: Disguise[] = [];
  for (const at of chosenCiphers(end - start)) found.push(...HIDDEN.slice(at, at + 1));
  if (longestRow() >= NUMBERS_MIN) found.push(NUMBERS);
  if (counts.singles >= SINGLES_MIN && isSpelled()) found.push(SPELLED);
  if (counts.tells >= TELLS_MIN) found.push(JOINED);
  if (counts.longest >= GLUED_MIN) found.push(GLUED);
  if (isMixed()) found.push(MIXED);
  if (counts.drawnOut >= DRAWN_OUT_MIN) found.push(DRAWN_OUT);
  if (counts.signs >= SIGNS_MIN) found.push(SIGNED);
  if (counts.dots >= DOTS_MIN && counts.codes >= CODES_MIN) found.push(DOTS);
  return found.slice(0, DISGUISES_MAX);
}

function reset(): void {
  counts.singles = 0;
  counts.tells = 0;
  counts.drawnOut = 0;
  counts.signs = 0;
  counts.dots = 0;
  counts.codes = 0;
  counts.longest = 0;
  resetMixed();
  resetRow();
  resetSingles();
  resetVotes();
}

/** The passage at hand. */
const block = openBlock();
const units = block.units;

function read(text: string, start: number, end: number): void {
  /** Where the words begin that hang together by joints, how many they are, and their letters. */
  let chain = -1;
  let pieces = 0;
  let letters = 0;
  for (let i = start; i < end;) {
    const unit = units[i - start] ?? 0;
    const kind = unit < 128 ? (kinds[unit] ?? OTHER) : OTHER;
    if (kind === LETTER) {
      if (chain < 0) chain = i;
      pieces += 1;
      const next = readWord(text, i, start, end);
      letters += next - i;
      i = next;
      continue;
    }
    if (chain >= 0 && (kind === JOINT_SIGN || kind === JOINT)) {
      // Mostly it is one sign.
      const isOne = kind === JOINT_SIGN && i + 1 < end && isLetter(units[i + 1 - start] ?? 0);
      const next = isOne ? i + 1 : jointEnd(text, i, end);
      if (next > i) {
        i = next;
        continue;
      }
    }
    if (pieces > 1 && letters >= TELL_MIN && letters <= TELL_MAX && isTell(text, chain, i))
      counts.tells += 1;
    chain = -1;
    pieces = 0;
    letters = 0;
    if (kind === DIGIT) i = readNumber(text, i, start, end);
    else {
      if (kind === LEET_SIGN) readSign(text, i);
      else if (unit === DOT || unit === DASH) readDot(text, i);
      i += 1;
    }
  }
  if (pieces > 1 && letters >= TELL_MIN && letters <= TELL_MAX && isTell(text, chain, end))
    counts.tells += 1;
}

const DOT = 0x2e;
const DASH = 0x2d;
const SLASH = 0x2f;

/** Of Morse, where nothing else stands before it; behind the last of a letter there is a gap. */
function readDot(text: string, at: number): void {
  if (isLoose(text.charCodeAt(at - 1))) counts.dots += 1;
  const next = text.charCodeAt(at + 1);
  if (next === 0x20 || next === SLASH || next === BAR || next === NEWLINE) counts.codes += 1;
}

const BAR = 0x7c;
const NEWLINE = 0x0a;

/** What stands before a sign of Morse. */
function isLoose(unit: number): boolean {
  return unit <= 0x20 || unit === DOT || unit === DASH || unit === SLASH;
}

/** Letters from `start` on: where they end. `from`: where the passage begins. */
function readWord(text: string, start: number, from: number, end: number): number {
  let key = 0;
  let before = 0;
  let same = 0;
  let thrice = 0;
  let run = 0;
  let i = start;
  for (; i < end; i += 1) {
    const lower = (units[i - from] ?? 0) | 0x20;
    if (lower < LETTER_A || lower > LETTER_Z) break;
    const letter = lower & 0x1f;
    key = (key << 5) | letter;
    if (letter === before) {
      run += 1;
      same += 1;
      if (run === 2) thrice += 1;
    } else {
      run = 0;
      before = letter;
    }
  }
  const letters = i - start;
  mixedLetters(start, i);
  if (same > 0 && letters > 4 && isDrawn(letters, same, thrice)) counts.drawnOut += 1;
  if (letters === 1) readSingle(text, start, from, end);
  else {
    endSingles();
    endRow();
    if (letters > counts.longest) counts.longest = letters;
  }
  if (letters <= VOTER_UNITS_MAX) {
    const bits = votesOf(key, letters);
    if (bits !== 0) vote(bits, key);
  }
  return i;
}

const LETTER_A = 0x61;
const LETTER_Z = 0x7a;

/** `same`: letters like the one before; `thrice`: letters that stand three times. */
function isDrawn(units: number, same: number, thrice: number): boolean {
  // `wwwww` is no word.
  return thrice > 0 ? same < units - 1 : 2 * same >= TWICE_SHARE * units;
}

/** Beside a digit it is a prefix, or part of a name. */
function readSingle(text: string, at: number, from: number, end: number): void {
  const unit = units[at - from] ?? 0;
  const letter = unit & 0x1f;
  const behind = at + 1 < end && isDigit(text.charCodeAt(at + 1));
  if (behind || (at > from && isDigit(text.charCodeAt(at - 1)))) endSingles();
  else {
    counts.singles += 1;
    readApart(at, unit);
  }
  if (!behind || (letter !== LETTER_X && letter !== LETTER_U)) endRow();
}

const LETTER_X = 24;
const LETTER_U = 21;

/** With the letters of hexadecimal ones. */
function readNumber(text: string, start: number, from: number, end: number): number {
  let i = start + 1;
  while (i < end && isDigit(text.charCodeAt(i))) i += 1;
  while (i < end && isHexLetter(text.charCodeAt(i) | 0x20)) i += 1;
  mixedDigits(start, i);
  const isJoined = start > from && isLetter(text.charCodeAt(start - 1));
  if (i - start > 1 || isJoined || (i < end && isLetter(text.charCodeAt(i)))) endSingles();
  else readApart(start, units[start - from] ?? 0);
  readInRow(text, start, i);
  return i;
}

function isHexLetter(lower: number): boolean {
  return (lower >= LETTER_A && lower <= 0x66) || lower === 0x78;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isLetter(unit: number): boolean {
  return unit < 128 && kinds[unit] === LETTER;
}

/** Between letters, where nobody exclaims. */
function readSign(text: string, at: number): void {
  const isInside = isInWord(text.charCodeAt(at - 1)) && isInWord(text.charCodeAt(at + 1));
  if (isInside && !beginsMailHost(text, at)) counts.signs += 1;
}

function isInWord(unit: number): boolean {
  const kind = unit < 128 ? kinds[unit] : OTHER;
  return kind === LETTER || kind === DIGIT || kind === LEET_SIGN;
}
