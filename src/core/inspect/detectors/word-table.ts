/** Words to bits, looked up in the text itself: no substring is made for a word. */

const SLOTS_BITS = 13;
const SLOTS = 1 << SLOTS_BITS;

export interface WordTable {
  readonly hashes: Int32Array;
  readonly bits: Int32Array;
}

/** Throws RangeError past half the table: chains of collisions would grow long. */
export function createWordTable(words: ReadonlyMap<string, number>): WordTable {
  if (words.size > SLOTS / 2) throw new RangeError("too many words");
  const table = { hashes: new Int32Array(SLOTS), bits: new Int32Array(SLOTS) };
  for (const [word, bits] of words) {
    const hash = hashOf(word, 0, word.length);
    let slot = hash & (SLOTS - 1);
    while (table.bits[slot] !== 0 && table.hashes[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
    table.hashes[slot] = hash;
    table.bits[slot] = (table.bits[slot] ?? 0) | bits;
  }
  return table;
}

/** The bits of the word at `[from, to)`, 0 if it is none; 32 bits of hash tell words apart. */
export function bitsOf(table: WordTable, text: string, from: number, to: number): number {
  const hash = hashOf(text, from, to);
  let slot = hash & (SLOTS - 1);
  while (table.bits[slot] !== 0) {
    if (table.hashes[slot] === hash) return table.bits[slot] ?? 0;
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
