/**
 * Matches sentences by the classes of their words: a small automaton over words instead of a
 * regular expression over characters. It dies at the first word that fits nowhere, so it costs
 * little and hardly ever waits for more text.
 */
import { MORE, type Hit, type Outcome, type Signature, type View } from "../signature.ts";
import { isWordUnit } from "../text-units.ts";
import { createWordTable, kindOf, plainWord, type WordTable } from "./word-table.ts";

/** Units between two words: spaces, punctuation, markup. */
const GAP_MAX = 8;
const WORD_MAX = 32;
/** Words of one chain, fillers included. */
const STEPS_MAX = 20;
/** Bits of an integer, with one to spare for the state behind the last slot. */
const SLOTS_MAX = 30;
const CLASSES_MAX = 32;
const APOSTROPHE = 0x27;
/** Begins an escape in a URL: `ignore%20all`. */
const PERCENT = 0x25;
/** Words are told apart by their first units; shorter ones than this need what ends them. */
const SHORT_UNITS = 4;
const ANCHOR_UNITS = 6;

export interface Chain {
  readonly name: string;
  readonly score: number;
  /**
   * Slots divided by spaces: a class (`VERB`), several (`VERB|NOUN`), `_` for any word; then
   * nothing, or `*n` for at most n of them. The first is a single class.
   */
  readonly slots: string;
}

export type Vocabulary = Readonly<Record<string, string>>;

interface Slot {
  /** Bits of word classes; all of them for any word. */
  readonly mask: number;
  readonly any: boolean;
  readonly optional: boolean;
}

interface Compiled {
  readonly chain: Chain;
  readonly first: number;
  readonly slots: readonly Slot[];
  /** States reachable before the second word: bit i is "the first i slots are done". */
  readonly start: number;
}

interface Entry {
  readonly words: WordTable;
  /** By the kind of the first word: where following it begins, if it begins a chain. */
  readonly begun: readonly (Place | undefined)[];
  /** Every beginning of every first word: a word cut at the end of the text waits only for these. */
  readonly heads: ReadonlySet<string>;
}

/** `normalize` is applied to the vocabulary as it is to text. */
export function compileChains(
  detector: string,
  vocabulary: Vocabulary,
  chains: readonly Chain[],
  normalize: (text: string) => string,
): Signature {
  const bits = new Map(Object.keys(vocabulary).map((name, i) => [name, 1 << i]));
  if (bits.size > CLASSES_MAX) throw new RangeError("too many word classes");
  const classes = new Map<string, number>();
  const starts = new Set(chains.map((chain) => chain.slots.split(" ", 1)[0]));
  const firstWords: string[] = [];
  for (const [name, list] of Object.entries(vocabulary)) {
    for (const word of list
      .trim()
      .split(/\s+/u)
      .flatMap((one) => spellings(one, normalize))) {
      classes.set(word, (classes.get(word) ?? 0) | (bits.get(name) ?? 0));
      if (starts.has(name)) firstWords.push(word);
    }
  }
  const compiled = chains.map((chain) => compile(chain, bits));
  const words = createWordTable(classes);
  const begun = words.sets.map((set) => begin(compiled, set));
  const entry: Entry = { words, begun, heads: headsOf(firstWords) };
  return {
    detector,
    anchors: firstWords.flatMap(anchorsOf),
    wordStart: true,
    match: (view, at) => walk(view, at, entry),
  };
}

/** As written in lower case and in capitals: look-alike folding may treat them differently. */
function spellings(word: string, normalize: (text: string) => string): readonly string[] {
  const capital = word.charAt(0).toUpperCase() + word.slice(1);
  const forms = [word, word.toUpperCase(), capital].map((form) => plainWord(normalize(form)));
  return [...new Set(forms)];
}

function headsOf(words: readonly string[]): ReadonlySet<string> {
  const heads = new Set<string>();
  for (const word of words) {
    for (let i = 1; i <= word.length; i += 1) heads.add(word.slice(0, i));
  }
  return heads;
}

/**
 * First units, with digits in place of letters too (`1gn0re`); short words with what ends them. A word
 * that would be digits alone is a number, of which texts are full; what has signs is read as two.
 */
function anchorsOf(word: string): readonly string[] {
  for (let i = 0; i < word.length; i += 1) if (!isChainUnit(word.charCodeAt(i))) return [];
  let anchors = [""];
  for (const char of word.slice(0, ANCHOR_UNITS)) {
    const choices = LEET_OF.includes(char) ? [char, "0"] : [char];
    anchors = anchors.flatMap((anchor) => choices.map((choice) => anchor + choice));
  }
  if (word.length <= ANCHOR_UNITS) anchors = anchors.filter((anchor) => !NUMBER.test(anchor));
  if (word.length >= SHORT_UNITS) return anchors;
  const ends = word.length === 1 ? LETTER_ENDS : WORD_ENDS;
  return anchors.flatMap((anchor) => Array.from(ends, (end) => anchor + end));
}

const NUMBER = /^0+$/;
/** Before other signs a letter is a name, or one of a list. */
const LETTER_ENDS = " %";
const WORD_ENDS = " ,:;.!?*'\"-_<%)";
const LEET_OF = "oizeasgtb";

function compile(chain: Chain, bits: ReadonlyMap<string, number>): Compiled {
  const slots = chain.slots.split(" ").flatMap((text) => slotsOf(text, bits));
  if (slots.length > SLOTS_MAX) throw new RangeError(`chain too long: ${chain.name}`);
  return { chain, first: slots[0]?.mask ?? 0, slots, start: skipOptional(slots, 0b10) };
}

function slotsOf(text: string, bits: ReadonlyMap<string, number>): readonly Slot[] {
  const [names = "", most] = text.split("*");
  const any = names === "_";
  let mask = 0;
  for (const name of any ? [] : names.split("|")) {
    const bit = bits.get(name);
    if (bit === undefined) throw new RangeError(`no word class ${name}`);
    mask |= bit;
  }
  const slot = { mask, any, optional: most !== undefined };
  return Array.from({ length: most === undefined ? 1 : Number(most) }, () => slot);
}

/** Adds the states behind optional slots. */
function skipOptional(slots: readonly Slot[], states: number): number {
  let reached = states;
  for (let i = 0; i < slots.length; i += 1) {
    if ((reached & (1 << i)) !== 0 && slots[i]?.optional === true) reached |= 1 << (i + 1);
  }
  return reached;
}

function walk(view: View, at: number, entry: Entry): Outcome {
  const { text, stop, final } = view;
  const end = wordEnd(text, at, stop);
  if (end === stop && !final) {
    return entry.heads.has(plainWord(text.slice(at, end))) ? MORE : undefined;
  }
  const kind = end - at > WORD_MAX ? 0 : kindOf(entry.words, text, at, end);
  const place = entry.begun[kind];
  return place === undefined ? undefined : follow(view, at, end, place, entry.words);
}

interface Run {
  readonly compiled: Compiled;
  readonly states: number;
}

/**
 * How far all chains have come after some words. Texts lead to few places, again and again, so what
 * the next word makes of one is kept: following a text costs a look-up a word.
 */
interface Place {
  /** Chains that may still be completed and say more than what was. */
  readonly runs: readonly Run[];
  /** The chain that the last word completed. */
  readonly done: Chain | undefined;
  /** By the kind of the next word. */
  readonly next: (Place | undefined)[];
}

/** Places kept, of all vocabularies; past it they are made anew each time. */
const PLACES_MAX = 4096;
let places = 0;

/** Words after the first, until no chain is left that would say more than a complete one. */
function follow(view: View, at: number, after: number, begun: Place, words: WordTable): Outcome {
  const { text, stop, final } = view;
  let place = begun;
  let best: Hit | undefined;
  let end = after;
  for (let step = 1; step < STEPS_MAX; step += 1) {
    const from = nextWord(text, end, stop);
    if (from - end > GAP_MAX) return best;
    if (from === stop) return final ? best : MORE;
    end = wordEnd(text, from, stop);
    if (end === stop && !final) return end - from > WORD_MAX ? best : MORE;
    const kind = end - from > WORD_MAX ? 0 : kindOf(words, text, from, end);
    place = place.next[kind] ?? goOn(place, kind, words.sets[kind] ?? 0);
    if (place.done !== undefined) {
      const { name: signature, score } = place.done;
      best = { signature, score, confidence: score / 100, start: at, end };
    }
    if (place.runs.length === 0) return best;
  }
  return best;
}

/** Undefined: no chain begins with a word of these classes. */
function begin(chains: readonly Compiled[], classes: number): Place | undefined {
  const runs = chains
    .filter(({ first }) => (first & classes) !== 0)
    .map((compiled) => ({ compiled, states: compiled.start }));
  return runs.length === 0 ? undefined : { runs, done: undefined, next: [] };
}

/** Where a word of this kind leads, which is of these classes. */
function goOn({ runs, next }: Place, kind: number, bits: number): Place {
  const alive: Run[] = [];
  for (const { compiled, states } of runs) {
    const reached = advance(compiled.slots, states, bits);
    if (reached !== 0) alive.push({ compiled, states: reached });
  }
  const done = completed(alive);
  const better =
    done === undefined ? alive : alive.filter(({ compiled }) => compiled.chain.score > done.score);
  const place: Place = { runs: better, done, next: [] };
  if (places < PLACES_MAX) {
    places += 1;
    next[kind] = place;
  }
  return place;
}

function completed(runs: readonly Run[]): Chain | undefined {
  let best: Chain | undefined;
  for (const { compiled, states } of runs) {
    if ((states & (1 << compiled.slots.length)) === 0) continue;
    if (compiled.chain.score > (best?.score ?? -1)) best = compiled.chain;
  }
  return best;
}

function advance(slots: readonly Slot[], states: number, bits: number): number {
  let next = 0;
  for (let i = 1; i < slots.length; i += 1) {
    if ((states & (1 << i)) === 0) continue;
    const slot = slots[i];
    if (slot !== undefined && (slot.any || (slot.mask & bits) !== 0)) next |= 1 << (i + 1);
  }
  return next === 0 ? 0 : skipOptional(slots, next);
}

function wordEnd(text: string, from: number, stop: number): number {
  const most = Math.min(stop, from + WORD_MAX + 1);
  let end = from;
  while (end < most && isChainUnit(text.charCodeAt(end))) {
    // Elided articles (`l'assistant`) are words of their own; `don't` is one word.
    if (end === from + 1 && text.charCodeAt(end) === APOSTROPHE) break;
    end += 1;
  }
  return end;
}

function nextWord(text: string, from: number, stop: number): number {
  const most = Math.min(stop, from + GAP_MAX + 1);
  let at = from;
  while (at < most) {
    const unit = text.charCodeAt(at);
    if (unit === PERCENT && at + 2 < stop) at += 3;
    else if (isChainUnit(unit) && unit !== APOSTROPHE) break;
    else at += 1;
  }
  return Math.min(at, stop);
}

/** Letters of any script, digits, apostrophes inside words. */
function isChainUnit(unit: number): boolean {
  return unit >= 0x80 || CHAIN_UNITS[unit] === 1;
}

const CHAIN_UNITS = Uint8Array.from({ length: 0x80 }, (_, unit) =>
  isWordUnit(unit) || unit === APOSTROPHE ? 1 : 0,
);
