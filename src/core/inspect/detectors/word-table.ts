/** Words to bits, looked up in the text itself: no substring is made for a word. */

const SLOTS_BITS = 13;
const SLOTS = 1 << SLOTS_BITS;

export interface WordTable {
  readonly hashes: Int32Array;
  /** By slot: the place of the word's bits in `sets`; 0: there is no word. */
  readonly kinds: Uint16Array;
  /** Each different set of bits once; none first. */
  readonly sets: readonly number[];
}

/** Throws RangeError past half the table: chains of collisions would grow long. */
export function createWordTable(words: ReadonlyMap<string, number>): WordTable {
  if (words.size > SLOTS / 2) throw new RangeError("too many words");
  const hashes = new Int32Array(SLOTS);
  const bits = new Int32Array(SLOTS);
  for (const [word, some] of words) {
    const hash = hashOf(word, 0, word.length);
    let slot = hash & (SLOTS - 1);
    while (bits[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
    hashes[slot] = hash;
    bits[slot] = (bits[slot] ?? 0) | some;
  }
  const sets = [...new Set([0, ...bits])];
  return { hashes, kinds: Uint16Array.from(bits, (some) => sets.indexOf(some)), sets };
}

/** Place in `sets` of the word at `[from, to)`; 32 bits of hash tell words apart. */
export function kindOf(
  { hashes, kinds }: WordTable,
  text: string,
  from: number,
  to: number,
): number {
  const hash = hashOf(text, from, to);
  let slot = hash & (SLOTS - 1);
  for (let kind = kinds[slot] ?? 0; kind !== 0; kind = kinds[slot] ?? 0) {
    if (hashes[slot] === hash) return kind;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return 0;
}

/** FNV-1a without case, and with digits as the letters they stand for (`1gn0re`). */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i += 1) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ plainUnit(unit), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

const LEET = "oizeasgtbg";

/** Lower case; digits as letters. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, unit) => {
  const char = String.fromCharCode(unit);
  return (unit >= 0x30 && unit <= 0x39 ? LEET.charAt(unit - 0x30) : char.toLowerCase()).charCodeAt(
    0,
  );
});

export function plainUnit(unit: number): number {
  return unit < PLAIN.length ? (PLAIN[unit] ?? 0) : unit;
}

/** A word as the table sees it. */
export function plainWord(word: string): string {
  let plain = "";
  for (let i = 0; i < word.length; i += 1) {
    plain += String.fromCharCode(plainUnit(word.charCodeAt(i)));
  }
  return plain;
}
