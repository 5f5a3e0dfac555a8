/** Words without spaces: `IgnoreAllPreviousInstructions`, `ignoreallpreviousinstructions`. */
import { onesOf } from "../find-anchor.ts";
import { isDigit, isLetter, isWordUnit } from "../text-units.ts";

/** Shorter runs of letters are words. */
export const GLUED_MIN = 22;
const CAPITALS_MIN = 3;
/** A letter of no known word costs more than a word. */
const UNKNOWN_COST = 3;
const LETTERS = 26;
/** What is divided at once. */
const RUN_MAX = 512;

const RUNS = /[A-Za-z]{22,512}/g;
const CAPITAL = /[A-Z]/;
const BEFORE_CAPITAL = /([a-z])(?=[A-Z])/g;

const LEXICON =
  "a i the and you your are not for all any now out use this that with from have will must what when " +
  "into them they then send only tell here been more also each just make user users file files data " +
  "task tasks rule rules mode next text read is it to of in on at by as be do if or an my me we us no " +
  "so up about above access account action admin administrator after again agent ai allow amount " +
  "answer api apply as ask assistant attention before begin bypass call command commands complete " +
  "confidential confirm confirmation contact content contents context continue copy credential " +
  "credentials current customer database delete detail details developer directive directives " +
  "disclose disregard display document does dont earlier email emails enable end entire every " +
  "everything execute exfiltrate external filter find first follow following forget forward full give " +
  "given go grant guideline guidelines had has hidden how ignore immediately important include " +
  "information initial input inside instead instruction instructions internal its key keys last let " +
  "list login mail mention message messages money never new note notify off open order original other " +
  "output over override page password passwords perform permission please policy post previous " +
  "previously print prior private proceed project prompt provide reading receive refuse remember " +
  "remove repeat replace reply report request respond response restricted restriction restrictions " +
  "return reveal run safety save say secret secrets security see session set share should show stop " +
  "system told token tokens tool tools transfer unrestricted until update upload url using verify " +
  "want was web were which who without word words work write";

/** By node and letter: the next node, twice; odd if a word ends there; 0: none. */
let trie: Uint16Array | undefined;

function growTrie(): Uint16Array {
  const next = new Uint16Array((LEXICON.length + 1) * LETTERS);
  let nodes = 1;
  for (const word of LEXICON.split(" ")) {
    let link = 0;
    for (let i = 0, node = 0; i < word.length; i += 1) {
      link = node * LETTERS + word.charCodeAt(i) - 0x61;
      if (next[link] === 0) {
        next[link] = nodes << 1;
        nodes += 1;
      }
      node = (next[link] ?? 0) >> 1;
    }
    next[link] = (next[link] ?? 0) | 1;
  }
  return next.slice(0, nodes * LETTERS);
}

/** Names in programs are glued words, too: without some of these they hide nothing. */
const TELLS =
  /ignor|disregard|overrid|bypass|forget|reveal|previous|instruct|system|prompt|secret|password|credential|assistant|execut|restrict|forward|delet|attention|withoutask|developermode|confirm|exfil/gi;
const LONG_RUN = 40;
/** Nothing has so long a name. */
const SENTENCE = 64;

/** What long runs of letters say, a line each. */
export function gluedWords(text: string): string | undefined {
  const said = runsIn(text, isLetter, GLUED_MIN)
    .filter(tells)
    .map((run) => atCapitals(run) ?? divided(run));
  return said.length === 0 ? undefined : said.join("\n");
}

/**
 * Runs of such units, in pieces of `RUN_MAX`. Read in jumps: a pattern would read each run that is
 * too short from each of its units on.
 */
function runsIn(text: string, isIn: (unit: number) => boolean, least: number): readonly string[] {
  const runs: string[] = [];
  const { length } = text;
  let from = 0;
  for (let probe = least - 1; probe < length; probe = from + least - 1) {
    let start = probe;
    while (start >= from && isIn(text.charCodeAt(start))) start -= 1;
    if (start >= from) {
      // No run that is long enough has this unit in it.
      from = start + 1;
      continue;
    }
    const most = Math.min(length, from + RUN_MAX);
    let end = probe + 1;
    while (end < most && isIn(text.charCodeAt(end))) end += 1;
    runs.push(text.slice(from, end));
    from = end;
  }
  return runs;
}

/** Shorter runs of letters and digits are names. */
export const MIXED_MIN = 40;
/** By unit of a run: what it is read as. */
const LEET = Uint8Array.from({ length: 128 }, (_, unit) => unit);
for (const pair of ["0o", "3e", "4a", "5s", "7t"]) {
  LEET[pair.charCodeAt(0)] = pair.charCodeAt(1);
}
const ONE = 0x31;
const SMALL_I = 0x69;
const SMALL_L = 0x6c;
/** Among the first units of a run: of these digits so many, and of the others none. */
const LEET_DIGITS_MIN = 4;
/** Different units of that head: words have a dozen. */
const LEET_DISTINCT_MIN = 8;

/** `1gn0r3411pr3v10u5…`: nobody knows which ones are an `i`, and which an `l`. */
export function gluedLeet(text: string): string | undefined {
  const runs = runsIn(text, isWordUnit, MIXED_MIN).filter(isLeet).join(" ");
  if (runs === "") return undefined;
  const { length } = runs;
  const said = new Uint8Array(2 * length + 1).fill(0x20);
  for (let i = 0; i < length; i += 1) {
    const unit = LEET[runs.charCodeAt(i)] ?? 0;
    const isPair = unit === ONE && runs.charCodeAt(i + 1) === ONE;
    said[i] = isPair ? SMALL_L : unit === ONE ? SMALL_I : unit;
    said[length + 1 + i] = unit === ONE ? SMALL_L : unit;
    if (!isPair) continue;
    i += 1;
    said[i] = said[length + 1 + i] = SMALL_L;
  }
  return gluedWords(ascii.decode(runs.includes("1") ? said : said.subarray(0, length)));
}

const ascii = new TextDecoder();

function isLeet(run: string): boolean {
  let digits = 0;
  for (let i = 0; i < MIXED_MIN; i += 1) {
    const unit = run.charCodeAt(i);
    if (!isDigit(unit)) continue;
    if (LEET[unit] === unit && unit !== ONE) return false;
    digits += 1;
  }
  return digits >= LEET_DIGITS_MIN && distinctUnits(run, MIXED_MIN) >= LEET_DISTINCT_MIN;
}

/** Bits of the units of ASCII that were met. */
const met = new Int32Array(4);

/** Different units among the first of a run. */
function distinctUnits(run: string, most: number): number {
  met.fill(0);
  for (let i = 0; i < most && i < run.length; i += 1) {
    const unit = run.charCodeAt(i);
    met[unit >> 5] = (met[unit >> 5] ?? 0) | (1 << unit);
  }
  return met.reduce((sum, bits) => sum + onesOf(bits), 0);
}

/** Sentences have most letters, and have them soon. */
const DISTINCT_MIN = 11;
const DISTINCT_REACH = 64;

function tells(run: string): boolean {
  if (isRandomCase(run)) return false;
  if (run.length >= SENTENCE) return distinctUnits(run, DISTINCT_REACH) >= DISTINCT_MIN;
  return (run.match(TELLS)?.length ?? 0) >= (run.length < LONG_RUN ? 2 : 1);
}

/** Of the letters of digits in base64 a quarter are capitals behind a capital, as many behind small ones. */
const RANDOM_SHARE = 7;

/** Nobody writes words so: capitals begin them, or are all there is. */
function isRandomCase(run: string): boolean {
  let behindCapitals = 0;
  let behindSmall = 0;
  let wasCapital = false;
  for (let i = 0; i < run.length; i += 1) {
    const isCapital = (run.charCodeAt(i) & 0x20) === 0;
    if (isCapital && wasCapital) behindCapitals += 1;
    else if (isCapital) behindSmall += 1;
    wasCapital = isCapital;
  }
  return Math.min(behindCapitals, behindSmall) * RANDOM_SHARE > run.length;
}

export function unglued(text: string): string {
  return atCapitals(text) ?? text.replace(RUNS, divided);
}

/** Divided before its capitals; undefined: it has too few of them. */
function atCapitals(text: string): string | undefined {
  if (!CAPITAL.test(text)) return undefined;
  const capitals = text.match(BEFORE_CAPITAL)?.length ?? 0;
  return capitals >= CAPITALS_MIN ? text.replace(BEFORE_CAPITAL, "$1 ") : undefined;
}

// Of the run at hand: its letters, what the first of them cost, and where their last word begins.
const letters = new Uint8Array(RUN_MAX);
const costs = new Int32Array(RUN_MAX + 1);
const froms = new Int16Array(RUN_MAX + 1);
/** By where a word begins: where it ends. */
const ends = new Int16Array(RUN_MAX);
const spacedUnits = new Uint8Array(2 * RUN_MAX);

/** As few words as cover it, and letters of no word where none does. */
function divided(run: string): string {
  const next = (trie ??= growTrie());
  const { length } = run;
  for (let i = 0; i < length; i += 1) letters[i] = (run.charCodeAt(i) | 0x20) - 0x61;
  costs.fill(UNKNOWN_COST * (RUN_MAX + 1), 0, length + 1);
  costs[0] = 0;
  for (let start = 0; start < length; start += 1) {
    const cost = costs[start] ?? 0;
    if (cost + UNKNOWN_COST < (costs[start + 1] ?? 0)) {
      costs[start + 1] = cost + UNKNOWN_COST;
      froms[start + 1] = start;
    }
    for (let i = start, link = 0; i < length; i += 1) {
      link = next[(link >> 1) * LETTERS + (letters[i] ?? 0)] ?? 0;
      if (link === 0) break;
      if ((link & 1) === 0 || cost + 1 >= (costs[i + 1] ?? 0)) continue;
      costs[i + 1] = cost + 1;
      froms[i + 1] = start;
    }
  }
  for (let end = length; end > 0; end = froms[end] ?? 0) ends[froms[end] ?? 0] = end;
  return spaced(run);
}

/** With spaces between words; letters that stand alone stay together. */
function spaced(run: string): string {
  const { length } = run;
  let size = 0;
  let wasAlone = false;
  for (let start = 0, end = 0; start < length; start = end) {
    end = ends[start] ?? length;
    const isAlone = end - start === 1;
    if (start > 0 && !(isAlone && wasAlone)) spacedUnits[size++] = SPACE;
    for (let i = start; i < end; i += 1) spacedUnits[size++] = run.charCodeAt(i);
    wasAlone = isAlone;
  }
  return ascii.decode(spacedUnits.subarray(0, size));
}

const SPACE = 0x20;
