/** How words are hashed, and the part that each word of the signatures' vocabulary plays. */
import { INJECTION_VOCABULARY } from "../detectors/injection-vocabulary.ts";
import { foldLiteral } from "../fold.ts";

export const SEED = 0x811c9dc5 | 0;
export const PRIME = 0x01000193;

const LEET = "oizeasgtbg";

/** By unit: lower case, and digits as the letters they stand for (`1gn0re`). */
export function plainUnits(): Uint16Array {
  const plain = Uint16Array.from({ length: 0x10000 }, (_, unit) => unit);
  for (let unit = 0x41; unit <= 0x5a; unit += 1) plain[unit] = unit | 0x20;
  for (let digit = 0; digit <= 9; digit += 1) plain[0x30 + digit] = LEET.charCodeAt(digit);
  return plain;
}

const plain = plainUnits();

export function hashOf(word: string): number {
  let hash = SEED;
  for (let i = 0; i < word.length; i += 1) {
    hash = Math.imul(hash ^ (plain[word.charCodeAt(i)] ?? 0), PRIME);
  }
  return hash;
}

/** Slots of a table of words by the low bits of their hashes: which word, and its role. */
const SLOTS = 1 << 13;
const words = new Int32Array(SLOTS);
const roles = new Uint8Array(SLOTS);

let role = 0;
for (const [name, list] of Object.entries(INJECTION_VOCABULARY)) {
  role += 1;
  if (name === "FILL" || name === "TO") continue;
  for (const word of list.trim().split(/\s+/u)) {
    const hash = hashOf(foldLiteral(word));
    const slot = slotOf(hash);
    words[slot] = hash;
    if (roles[slot] === 0) roles[slot] = role;
  }
}

function slotOf(hash: number): number {
  let slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
  while (roles[slot] !== 0 && words[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}

/** The first class that the word is in, from 1; 0 for a word of no part. */
export function roleOf(hash: number): number {
  return roles[slotOf(hash)] ?? 0;
}
