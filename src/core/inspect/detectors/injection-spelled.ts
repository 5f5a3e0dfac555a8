/** Words spelled out (`i g n o r e`, `i.g.n.o.r.e`) so that only a model reads them as words. */
import { MORE, type OriginalText, type Outcome, type Signature, type View } from "../signature.ts";
import { isLetter, isWordUnit } from "../text-units.ts";
import { plainUnit, plainWord } from "./word-table.ts";

const SPELLED_MIN = 16;
const GAP_MAX = 4;
/** Different tell-tale words in one spelled-out run. */
const TELLS_MIN = 2;
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
  readonly sign: string;
  readonly from: number;
  /** What begins before this says enough. */
  readonly tellsTo: number;
  /** What begins before this says no more than the run from its first letter. */
  readonly to: number;
  readonly end: number;
}

let last: SpelledRun | undefined;

function spelledAt(view: View, at: number): Outcome {
  const { text, original } = view;
  if (continues(text, at)) return undefined;
  const sign = text.charAt(at + 1);
  const place = original.base + at;
  const known = last?.of === original && last.sign === sign ? last : undefined;
  const run =
    known !== undefined && place > known.from && place < known.to ? known : readRun(view, at, sign);
  if (run === undefined) return MORE;
  last = run;
  if (place >= run.tellsTo) return undefined;
  const end = run.end - original.base;
  return { signature: "spelled-out", score: SCORE, confidence: SCORE / 100, start: at, end };
}

/** Undefined: it may go on behind the text. */
function readRun(view: View, at: number, sign: string): SpelledRun | undefined {
  const { text, stop, final, original } = view;
  const places: number[] = [];
  let i = at;
  while (i < stop && isWordUnit(text.charCodeAt(i))) {
    places.push(i);
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
  const until = tellsUntil(text, places);
  return {
    of: original,
    sign,
    from,
    tellsTo: until < 0 ? from : original.base + until + 1,
    to,
    end,
  };
}

/** The last letter from which on the run still says enough; -1 if none. */
function tellsUntil(text: string, places: readonly number[]): number {
  if (places.length < SPELLED_MIN) return -1;
  let letters = 0;
  for (const place of places) letters |= letterBit(plainUnit(text.charCodeAt(place)));
  const possible = TELLS.filter((tell) => (tell.letters & ~letters) === 0);
  if (possible.length < TELLS_MIN) return -1;
  const plain = plainWord(places.map((place) => text.charAt(place)).join(""));
  const tells = possible.map(({ word }) => plain.lastIndexOf(word)).filter((place) => place >= 0);
  const enough = tells.toSorted((a, b) => b - a)[TELLS_MIN - 1] ?? -1;
  return enough < 0 ? -1 : (places[Math.min(enough, places.length - SPELLED_MIN)] ?? -1);
}

/** One of 26 bits: as the letters stand in the alphabet. */
function letterBit(unit: number): number {
  return 1 << (unit - 0x61);
}

/** Punctuation between words counts as part of the gap, the sign itself must be there. */
function gapEnd(text: string, from: number, stop: number, sign: string): number {
  let i = from;
  let signs = 0;
  while (i < stop && i - from < GAP_MAX && !isWordUnit(text.charCodeAt(i))) {
    if (text.charAt(i) === sign) signs += 1;
    i += 1;
  }
  return signs === 0 && i < stop ? from : i;
}

/** The middle of a run that was looked at from an earlier letter. */
function continues(text: string, at: number): boolean {
  if (at < 2 || text.charAt(at - 1) !== text.charAt(at + 1)) return false;
  return isLetter(text.charCodeAt(at - 2)) && !isWordUnit(text.charCodeAt(at - 3));
}
