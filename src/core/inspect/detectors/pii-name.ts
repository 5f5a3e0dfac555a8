/** Names of people, only where the text says that a name follows. */
import { MORE, type Hit, type Outcome, type Signature, type View } from "../signature.ts";
import { isLetter } from "../text-units.ts";

export const NAME_DETECTOR = "pii.name";

/** What a name follows, with its score. Compared without case. */
const LEADS: readonly (readonly [lead: string, score: number])[] = [
  ["my name is ", 80],
  ["full name: ", 80],
  ["first name: ", 75],
  ["last name: ", 75],
  ["surname: ", 75],
  ["patient name: ", 85],
  ["customer name: ", 80],
  ["cardholder: ", 80],
  ["cardholder name: ", 85],
  ["account holder: ", 80],
  ["employee name: ", 80],
  ["contact name: ", 75],
  ["nombre completo: ", 80],
  ["nom complet: ", 80],
  ["vor- und nachname: ", 80],
  ["mein name ist ", 80],
  ["je m'appelle ", 80],
  ["me llamo ", 80],
  ["mi nombre es ", 80],
  ["mi chiamo ", 80],
  ["dear mr. ", 70],
  ["dear mrs. ", 70],
  ["dear ms. ", 70],
  ["dear dr. ", 70],
  ["patient: ", 65],
];
const WORDS_MAX = 4;
const WORD_UNITS_MAX = 24;
const NAME_UNITS_MAX = WORDS_MAX * (WORD_UNITS_MAX + 1);

export const NAME: readonly Signature[] = LEADS.map(([lead, score]) => ({
  detector: NAME_DETECTOR,
  anchors: [lead],
  wordStart: true,
  match: (view, at) => nameAt(view, at, lead, score),
}));

function nameAt({ text, stop, final }: View, at: number, lead: string, score: number): Outcome {
  const start = at + lead.length;
  if (stop < start + NAME_UNITS_MAX && !final) return MORE;
  if (text.slice(at, start).toLowerCase() !== lead) return undefined;
  let end = start;
  for (let words = 0; words < WORDS_MAX; words += 1) {
    const from = words === 0 ? start : end + 1;
    if (words > 0 && text.charAt(end) !== " ") break;
    const to = nameWordEnd(text, from, stop);
    if (to === from) break;
    end = to;
  }
  if (end - start < 2) return undefined;
  return { signature: "named-person", score, confidence: score / 100, start, end };
}

/** The value of a field that holds a name. */
export function wholeName(value: string): Hit | undefined {
  if (value.length < 2 || value.length > NAME_UNITS_MAX) return undefined;
  let end = 0;
  while (end < value.length) {
    const to = nameWordEnd(value, end, value.length);
    if (to === end || (to < value.length && value.charAt(to) !== " ")) return undefined;
    end = to + 1;
  }
  const score = 75;
  return { signature: "named-person", score, confidence: score / 100, start: 0, end: value.length };
}

/** Behind a word that begins with a capital letter, or an initial and its full stop. */
function nameWordEnd(text: string, from: number, stop: number): number {
  if (!isCapital(text, from)) return from;
  let end = from + 1;
  const most = Math.min(stop, from + WORD_UNITS_MAX);
  while (end < most && isNameUnit(text.charCodeAt(end))) end += 1;
  return end === from + 1 && text[end] === "." ? end + 1 : end;
}

function isCapital(text: string, at: number): boolean {
  const char = text.charAt(at);
  return char !== "" && char !== char.toLowerCase();
}

function isNameUnit(unit: number): boolean {
  return isLetter(unit) || unit >= 0xc0 || unit === 0x27 || unit === 0x2d;
}
