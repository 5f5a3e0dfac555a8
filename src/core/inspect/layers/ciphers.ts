/**
 * Alphabets that stand for another: letters moved along (ROT13 among them) or mirrored, words
 * written backwards or upside down. Nothing in a text says so but its commonest words, of which
 * each alphabet has its own spelling: some of them in one passage give the alphabet away.
 */
import { textOf, unitsOf } from "../text-units.ts";
import { backwards, backwardsBoth } from "./backwards.ts";

export interface Cipher {
  readonly name: string;
  readonly plain: (text: string) => string;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz";
/** As they look from above: folded text has the letters that they were turned into. */
const TURNED = new Map(Array.from("nubqdp", (letter, i) => [letter, "unqbpd".charAt(i)]));
const COMMON = (
  "the and you are not for all any now out use her his can but who may new one our get let put end " +
  "your this that with from have will must what when into them they then send only tell here been " +
  "more also each just make user file data task rule mode next text read line"
).split(" ");
/** Are words themselves, whatever they were before. */
const WORDS = new Set(
  "ton era won tub tel dna yam max aol esp rfc pda oil per der die und les des una con por".split(
    " ",
  ),
);
const WORD_UNITS_MIN = 3;
export const VOTER_UNITS_MAX = 4;

function alphabetCipher(name: string, alphabet: string): Cipher {
  const letters = new Map<string, string>();
  for (const [i, letter] of Array.from(ALPHABET).entries()) {
    letters.set(letter, alphabet.charAt(i));
    letters.set(letter.toUpperCase(), alphabet.charAt(i).toUpperCase());
  }
  return { name, plain: replacer(letters) };
}

const ASCII_END = 0x80;

function replacer(letters: ReadonlyMap<string, string>): (text: string) => string {
  const plain = Uint8Array.from({ length: ASCII_END }, (_, unit) => unit);
  for (const [from, to] of letters) plain[from.charCodeAt(0)] = to.charCodeAt(0);
  return (text) => {
    const units = unitsOf(text);
    for (let i = 0; i < units.length; i += 1) {
      const unit = units[i] ?? 0;
      if (unit < ASCII_END) units[i] = plain[unit] ?? 0;
    }
    return textOf(units);
  };
}

function rotated(by: number): string {
  return ALPHABET.slice(by) + ALPHABET.slice(0, by);
}

const turned = replacer(TURNED);

export const CIPHERS: readonly Cipher[] = [
  ...Array.from({ length: 25 }, (_, i) => alphabetCipher(`rot${25 - i}`, rotated(i + 1))),
  alphabetCipher("atbash", backwards(ALPHABET)),
  { name: "reversed", plain: backwardsBoth },
  { name: "turned", plain: (text) => backwardsBoth(turned(text)) },
];

const SLOTS = 8192;
/** Words as numbers, five bits a letter; 0: nothing is there. */
const keys = new Int32Array(SLOTS);
/** A bit for each cipher whose spelling of a common word this is. */
const votes = new Int32Array(SLOTS);

for (const [at, { plain }] of CIPHERS.entries()) {
  for (const word of COMMON) {
    // Each of these spells back what it spells, or its opposite is in the list as well.
    const spelled = plain(word).split("\n")[0] ?? "";
    if (spelled === word || COMMON.includes(spelled) || WORDS.has(spelled)) continue;
    const decoder = at < 25 ? 24 - at : at;
    addVote(keyOf(spelled), 1 << decoder);
  }
}

function addVote(key: number, bit: number): void {
  let slot = slotOf(key);
  while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & (SLOTS - 1);
  keys[slot] = key;
  votes[slot] = (votes[slot] ?? 0) | bit;
}

function keyOf(word: string): number {
  let key = 0;
  for (let i = 0; i < word.length; i += 1) key = (key << 5) | (word.charCodeAt(i) & 0x1f);
  return key;
}

function slotOf(key: number): number {
  return (Math.imul(key, 0x9e3779b1) >>> 15) & (SLOTS - 1);
}

/** Ciphers in which a word of so many units is a common one: `key` has five bits for each letter. */
export function votesOf(key: number, units: number): number {
  if (units < WORD_UNITS_MIN) return 0;
  let slot = slotOf(key);
  while (keys[slot] !== 0) {
    if (keys[slot] === key) return votes[slot] ?? 0;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return 0;
}
