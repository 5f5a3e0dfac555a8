/** Words spelled out (`i g n o r e`, `i.g.n.o.r.e`) so that only a model reads them as words. */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isLetter, isWordUnit } from "../text-units.ts";
import { plainWord } from "./word-table.ts";

const SPELLED_MIN = 16;
const GAP_MAX = 4;
/** Different tell-tale words in one spelled-out run. */
const TELLS_MIN = 2;
const SCORE = 85;

const SIGNS = [" ", ".", "-", "_"];
const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");

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
].map(plainWord);

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

function spelledAt({ text, stop, final }: View, at: number): Outcome {
  if (continues(text, at)) return undefined;
  const sign = text.charAt(at + 1);
  let letters = "";
  let i = at;
  while (i < stop && isWordUnit(text.charCodeAt(i))) {
    letters += text.charAt(i);
    i += 1;
    const gap = gapEnd(text, i, stop, sign);
    if (gap === i) break;
    i = gap;
  }
  if (i === stop && !final) return MORE;
  if (letters.length < SPELLED_MIN) return undefined;
  const plain = plainWord(letters);
  const tells = TELLS.filter((tell) => plain.includes(tell)).length;
  if (tells < TELLS_MIN) return undefined;
  return { signature: "spelled-out", score: SCORE, confidence: SCORE / 100, start: at, end: i };
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
