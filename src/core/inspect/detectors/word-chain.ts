/**
 * Matches sentences by the classes of their words: a small automaton over words instead of a
 * regular expression over characters. It dies at the first word that fits nowhere, so it costs
 * little and hardly ever waits for more text.
 */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isDigit, isLetter } from "../trigrams.ts";

/** Units between two words: spaces, punctuation, markup. */
const GAP_MAX = 8;
const WORD_MAX = 32;
/** Words of one chain, fillers included. */
const STEPS_MAX = 20;
/** Bits of an integer, with one to spare for the state behind the last slot. */
const SLOTS_MAX = 30;
const CLASSES_MAX = 32;

export interface Chain {
  readonly name: string;
  readonly score: number;
  /**
   * Slots divided by spaces: a class (`VERB`), several (`VERB|NOUN`), a literal word in lower case,
   * `_` for any word; then nothing, or `*n` for at most n of them. The first is a single class.
   */
  readonly slots: string;
}

interface Slot {
  /** Bits of word classes. */
  readonly mask: number;
  readonly any: boolean;
  readonly optional: boolean;
}

interface Compiled {
  readonly chain: Chain;
  readonly slots: readonly Slot[];
  /** States reachable before the second word: bit i is "the first i slots are done". */
  readonly start: number;
}

/** All chains that begin with one class. */
interface Entry {
  readonly heads: ReadonlySet<string>;
  readonly classes: ReadonlyMap<string, number>;
  readonly chains: readonly Compiled[];
}

export type Vocabulary = Readonly<Record<string, string>>;

/** One signature per first class; `normalize` is applied to the vocabulary as it is to text. */
export function compileChains(
  detector: string,
  vocabulary: Vocabulary,
  chains: readonly Chain[],
  normalize: (text: string) => string,
): readonly Signature[] {
  const bits = new Map(Object.keys(vocabulary).map((name, i) => [name, 1 << i]));
  if (bits.size > CLASSES_MAX) throw new RangeError("too many word classes");
  const classes = new Map<string, number>();
  const wordsOf = new Map<string, readonly string[]>();
  for (const [name, list] of Object.entries(vocabulary)) {
    const words = list
      .trim()
      .split(/\s+/u)
      .flatMap((word) => spellings(word, normalize));
    wordsOf.set(name, words);
    for (const word of words) {
      classes.set(word, (classes.get(word) ?? 0) | (bits.get(name) ?? 0));
    }
  }
  const byFirst = Map.groupBy(chains, (chain) => chain.slots.split(" ")[0] ?? "");
  return [...byFirst].map(([first, group]) => {
    const compiled = group.map((chain) => compile(chain, bits));
    const words = wordsOf.get(first) ?? [];
    const entry = { heads: headsOf(words), classes, chains: compiled };
    return {
      detector,
      anchors: words.flatMap(anchorsOf),
      wordStart: true,
      match: (view, at) => walk(view, at, entry),
    };
  });
}

/** As written in lower case and in capitals: look-alike folding may treat them differently. */
function spellings(word: string, normalize: (text: string) => string): readonly string[] {
  const lower = normalize(word).toLowerCase();
  const upper = normalize(word.toUpperCase()).toLowerCase();
  const mixed = normalize(word.charAt(0).toUpperCase() + word.slice(1)).toLowerCase();
  return [...new Set([lower, upper, mixed])];
}

/** Every beginning of every word: a word cut at the end of the text waits only if it is one. */
function headsOf(words: readonly string[]): ReadonlySet<string> {
  const heads = new Set<string>();
  for (const word of words) {
    for (let i = 1; i <= word.length; i += 1) heads.add(word.slice(0, i));
  }
  return heads;
}

/** First three units, in every case and with digits in place of letters (`1gn0re`). */
function anchorsOf(word: string): readonly string[] {
  const head = `${word} `.slice(0, 3);
  const leet = Array.from(head, (char) => (LEET_OF.includes(char) ? [char, "0"] : [char]));
  let anchors = [""];
  for (const choices of leet) anchors = anchors.flatMap((a) => choices.map((c) => a + c));
  return [...anchors, head.toUpperCase(), head.charAt(0).toUpperCase() + head.slice(1)];
}

const LEET_FROM = "0134579";
const LEET_OF = "oieastg";

function compile(chain: Chain, bits: ReadonlyMap<string, number>): Compiled {
  const slots = chain.slots.split(" ").flatMap((text) => slotsOf(text, bits));
  if (slots.length > SLOTS_MAX) throw new RangeError(`chain too long: ${chain.name}`);
  return { chain, slots, start: skipOptional(slots, 0b10) };
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

function walk({ text, stop, final }: View, at: number, entry: Entry): Outcome {
  const { classes, chains } = entry;
  let end = wordEnd(text, at, stop);
  if (end === stop && !final)
    return couldBegin(text.slice(at, end), entry.heads) ? MORE : undefined;
  const first = classOf(text, at, end, classes);
  let alive = 0;
  const states = chains.map(({ slots, start }) => {
    const fits = ((slots[0]?.mask ?? 0) & first) !== 0;
    if (fits) alive += 1;
    return fits ? start : 0;
  });
  for (let step = 1; step < STEPS_MAX && alive > 0; step += 1) {
    const from = nextWord(text, end, stop);
    if (from === stop && !final) return from - end > GAP_MAX ? undefined : MORE;
    if (from === stop || from - end > GAP_MAX) return undefined;
    end = wordEnd(text, from, stop);
    if (end === stop && !final) return end - from > WORD_MAX ? undefined : MORE;
    const bits = classOf(text, from, end, classes);
    alive = 0;
    let best: Chain | undefined;
    for (let i = 0; i < chains.length; i += 1) {
      const chain = chains[i];
      if (chain === undefined || states[i] === 0) continue;
      const next = advance(chain.slots, states[i] ?? 0, bits);
      states[i] = next;
      if (next !== 0) alive += 1;
      if ((next & (1 << chain.slots.length)) !== 0 && chain.chain.score > (best?.score ?? -1)) {
        best = chain.chain;
      }
    }
    if (best !== undefined) {
      const confidence = best.score / 100;
      return { signature: best.name, score: best.score, confidence, start: at, end };
    }
  }
  return undefined;
}

function couldBegin(word: string, heads: ReadonlySet<string>): boolean {
  const lower = word.toLowerCase();
  return heads.has(lower) || heads.has(unleet(lower));
}

function advance(slots: readonly Slot[], states: number, bits: number): number {
  let next = 0;
  for (let i = 0; i < slots.length; i += 1) {
    const slot = slots[i];
    if (slot === undefined || (states & (1 << i)) === 0) continue;
    if (slot.any || (slot.mask & bits) !== 0) next |= 1 << (i + 1);
  }
  return next === 0 ? 0 : skipOptional(slots, next);
}

function classOf(
  text: string,
  from: number,
  to: number,
  classes: ReadonlyMap<string, number>,
): number {
  if (to - from > WORD_MAX) return 0;
  const word = text.slice(from, to).toLowerCase();
  const known = classes.get(word);
  if (known !== undefined) return known;
  return DIGIT.test(word) ? (classes.get(unleet(word)) ?? 0) : 0;
}

const DIGIT = /[0134579]/;

function unleet(word: string): string {
  let out = "";
  for (const char of word) {
    const i = LEET_FROM.indexOf(char);
    out += i < 0 ? char : LEET_OF.charAt(i);
  }
  return out;
}

function wordEnd(text: string, from: number, stop: number): number {
  const most = Math.min(stop, from + WORD_MAX + 1);
  let end = from;
  while (end < most && isChainUnit(text.charCodeAt(end))) end += 1;
  return end;
}

function nextWord(text: string, from: number, stop: number): number {
  const most = Math.min(stop, from + GAP_MAX + 1);
  let at = from;
  while (at < most && !isChainUnit(text.charCodeAt(at))) at += 1;
  return at;
}

/** Letters of any script, digits, apostrophes inside words. */
function isChainUnit(unit: number): boolean {
  return isLetter(unit) || isDigit(unit) || unit >= 0x80 || unit === 0x27;
}
