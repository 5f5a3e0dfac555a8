/**
 * How words are hashed, the part that each word of the signatures' vocabulary plays, and which words
 * speak about attacks.
 */
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

/** Units of a word that its stem is taken to be. */
export const STEM_UNITS = 6;

/** Stems of the words of those who write about attacks, so that `injectionGuard` is one too. */
const TALK = `inject jailbr attack advers malici vulner exploi exfilt guardr guard guards detect payloa
  mitiga owasp cve cwe mitre saniti untrus defens defenc threat phishi spoofi smuggl poison leakag
  flagge heuris benchm scanne redtea firewa blockl regex victim obfusc evasio hijack xss sqli
  pentes harden halluc toxici robust trigge probe probes probin
  atacan ataque inyecc angrei angrif attaqu attacc aggres iniezi injeca invaso aanval ataku atak
  злоумы атака атаки атаку инъекц saldir`;
/** Stems of words with which one begins to quote: "phrases such as", "a page that says". */
const CUES = `such like exampl instan phrase senten string says said saying reads wrote writes types
  typed typing contai asks asked claims called titled sends enters entere submit beispi ejempl exempl
  esempi escrib schrei frase frases пишет фразы например`;
/** Few enough that most words meet an empty slot at once. */
const TALK_SLOTS = 1 << 10;
const talk = new Int32Array(TALK_SLOTS);
/** By slot: what the word with that stem does. */
const talkKinds = new Uint8Array(TALK_SLOTS);
export const SPEECH = { TALK: 1, CUE: 2 } as const;
addSpeech(TALK, SPEECH.TALK);
addSpeech(CUES, SPEECH.CUE);

function addSpeech(stems: string, kind: number): void {
  for (const stem of stems.trim().split(/\s+/u)) {
    const hash = hashOf(stem.slice(0, STEM_UNITS));
    const slot = talkSlotOf(hash);
    talk[slot] = hash;
    talkKinds[slot] = (talkKinds[slot] ?? 0) | kind;
  }
}

function talkSlotOf(stem: number): number {
  let slot = (stem ^ (stem >>> 10)) & (TALK_SLOTS - 1);
  while (talk[slot] !== 0 && talk[slot] !== stem) slot = (slot + 1) & (TALK_SLOTS - 1);
  return slot;
}

/** Bits of `SPEECH`: whether a word with this stem speaks about attacks, or leads to a quotation. */
export function speechOf(stem: number): number {
  const slot = talkSlotOf(stem);
  return talk[slot] === stem ? (talkKinds[slot] ?? 0) : 0;
}
