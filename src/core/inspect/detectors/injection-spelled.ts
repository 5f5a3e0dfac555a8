/** Words spelled out (`i g n o r e`, `i.g.n.o.r.e`) so that only a model reads them as words. */
import {
  HOLD_MAX,
  MORE,
  type OriginalText,
  type Outcome,
  type Signature,
  type View,
} from "../signature.ts";
import { isLetter, isWordUnit } from "../text-units.ts";
import { plainUnit, plainWord } from "./word-table.ts";

const SPELLED_MIN = 16;
const GAP_MAX = 4;
const SCORE = 85;

const SIGNS = [" ", ".", "-", "_"];
const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");

/** With the letters that each needs. */
const TELLS = [
  "ignore",
  "disregard",
  "previous",
  "instruction",
  "system",
  "prompt",
  "override",
  "bypass",
  "reveal",
  "secret",
  "credential",
  "approv",
  "toolcall",
  "exfiltrat",
  "developermode",
  "forget",
  "rules",
  "email",
  "attacker",
  "password",
  "token",
  "execute",
  "tools",
].map((tell) => {
  const word = plainWord(tell);
  const letters = Array.from(word).reduce((bits, char) => bits | letterBit(char.charCodeAt(0)), 0);
  return { word, letters };
});

export const INJECTION_SPELLED: readonly Signature[] = [
  {
    detector: "injection",
    anchors: SIGNS.flatMap((sign) =>
      LETTERS.flatMap((a) => [...LETTERS, "0"].map((b) => `${a}${sign}${b}${sign}`)),
    ),
    wordStart: true,
    match: spelledAt,
  },
];

/** The run that was read last, in offsets of the part. */
interface SpelledRun {
  readonly of: OriginalText;
  readonly sign: number;
  readonly from: number;
  /** What begins before this says enough. */
  readonly tellsTo: number;
  /** What begins before this says no more than the run from its first letter. */
  readonly to: number;
  readonly end: number;
}

let latest: SpelledRun | undefined;

function spelledAt(view: View, at: number): Outcome {
  const { text, original } = view;
  if (continues(text, at)) return undefined;
  const sign = text.charCodeAt(at + 1);
  const place = original.base + at;
  const known = latest?.of === original && latest.sign === sign ? latest : undefined;
  const run =
    known !== undefined && place > known.from && place < known.to ? known : readRun(view, at, sign);
  if (run === undefined) return MORE;
  latest = run;
  if (place >= run.tellsTo) return undefined;
  const end = run.end - original.base;
  return { signature: "spelled-out", score: SCORE, confidence: SCORE / 100, start: at, end };
}

/** Undefined: it may go on behind the text. */
function readRun(view: View, at: number, sign: number): SpelledRun | undefined {
  const { text, stop, final, original } = view;
  let letters = 0;
  let i = at;
  while (i < stop && isWordUnit(text.charCodeAt(i))) {
    places[letters] = i;
    letters += 1;
    i += 1;
    const gap = gapEnd(text, i, stop, sign);
    if (gap === i) break;
    i = gap;
  }
  if (i === stop && !final) return undefined;
  const from = original.base + at;
  const end = original.base + i;
  // A run longer than the view is looked at again from its second half on.
  const to = i === stop ? Math.floor((from + end) / 2) : end;
  const until = tellsUntil(text, letters);
  return {
    of: original,
    sign,
    from,
    tellsTo: until < 0 ? from : original.base + until + 1,
    to,
    end,
  };
}

/** Of the run at hand: where its letters stand, and what they say. */
const places = new Int32Array(HOLD_MAX);
const said = new Uint8Array(HOLD_MAX);
const ascii = new TextDecoder();

/** The last letter from which on the run still says enough; -1 if none. */
function tellsUntil(text: string, count: number): number {
  if (count < SPELLED_MIN) return -1;
  let letters = 0;
  for (let i = 0; i < count; i += 1) {
    const unit = plainUnit(text.charCodeAt(places[i] ?? 0));
    said[i] = unit;
    letters |= letterBit(unit);
  }
  let plain = "";
  // Where the last word that tells begins, and the last but one.
  let last = -1;
  let enough = -1;
  for (const tell of TELLS) {
    if ((tell.letters & ~letters) !== 0) continue;
    if (plain === "") plain = ascii.decode(said.subarray(0, count));
    const place = plain.lastIndexOf(tell.word);
    if (place > last) {
      enough = last;
      last = place;
    } else if (place > enough) enough = place;
  }
  return enough < 0 ? -1 : (places[Math.min(enough, count - SPELLED_MIN)] ?? -1);
}

/** One of 26 bits: as the letters stand in the alphabet. */
function letterBit(unit: number): number {
  return 1 << (unit - 0x61);
}

/** Punctuation between words counts as part of the gap, the sign itself must be there. */
function gapEnd(text: string, from: number, stop: number, sign: number): number {
  let i = from;
  let signs = 0;
  while (i < stop && i - from < GAP_MAX && !isWordUnit(text.charCodeAt(i))) {
    if (text.charCodeAt(i) === sign) signs += 1;
    i += 1;
  }
  return signs === 0 && i < stop ? from : i;
}

/** The middle of a run that was looked at from an earlier letter. */
function continues(text: string, at: number): boolean {
  if (at < 2 || text.charCodeAt(at - 1) !== text.charCodeAt(at + 1)) return false;
  return isLetter(text.charCodeAt(at - 2)) && !isWordUnit(text.charCodeAt(at - 3));
}
