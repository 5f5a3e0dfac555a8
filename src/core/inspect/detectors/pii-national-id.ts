/**
 * National identifiers. A trie of layouts is walked unit by unit and dies at the first one that no
 * identifier has; check digits and the words around decide what is left.
 */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isDigit, isLetter, isWordUnit } from "../text-units.ts";
import type { NationalId, NationalIdRows } from "./national-id.ts";
import { EUROPEAN_IDS } from "./national-ids-europe.ts";
import { WORLD_IDS } from "./national-ids-world.ts";
import { isNear, nearWords, WORDS_BEHIND, type NearWords } from "./near-words.ts";
import { endsNumber, isInNumber } from "./number-edges.ts";

export const NATIONAL_ID_DETECTOR = "pii.national_id";

/** Score where one of its words stands near. */
const TOLD = 90;
/** Score of a layout that any number may have, with and without a word. */
const BARE_TOLD = 85;
const BARE = 40;
const LETTERS_FIRST_MAX = 6;

const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");

interface Known {
  readonly id: NationalId;
  readonly bare: boolean;
  readonly words: NearWords;
}

/** Layouts as a trie: by symbol, `9`, `A` or a sign. */
interface Node {
  readonly next: Map<number, Node>;
  readonly ends: Known[];
}

const DIGIT = 0x39;
const LETTER = 0x41;

const IDS: readonly NationalId[] = [EUROPEAN_IDS, WORLD_IDS].flatMap(read);
const ROOT = trieOf(IDS);

export const NATIONAL_ID: readonly Signature[] = [
  {
    detector: NATIONAL_ID_DETECTOR,
    anchors: anchorsOf((layout) => !layout.startsWith("A")),
    wordStart: true,
    match: (view, at) => (isInNumber(view.text, at) ? undefined : idAt(view, at)),
  },
  {
    detector: NATIONAL_ID_DETECTOR,
    anchors: anchorsOf((layout) => layout.startsWith("A")),
    wordStart: false,
    match: (view, at) => lettersFirstAt(view, at),
  },
];

function read(rows: NationalIdRows): readonly NationalId[] {
  return Object.entries(rows).map(([name, row]) => ({
    name,
    layouts: row.layouts?.split(", ") ?? [],
    bare: row.bare?.split(", ") ?? [],
    alone: row.alone,
    words: row.words.split(", "),
    valid: row.valid,
  }));
}

function trieOf(ids: readonly NationalId[]): Node {
  const root: Node = { next: new Map(), ends: [] };
  for (const id of ids) {
    const words = nearWords(id.words);
    for (const layout of id.layouts) enter(root, layout, { id, bare: false, words });
    for (const layout of id.bare) enter(root, layout, { id, bare: true, words });
  }
  return root;
}

function enter(root: Node, layout: string, known: Known): void {
  let node = root;
  for (let i = 0; i < layout.length; i += 1) {
    const symbol = layout.charCodeAt(i);
    let next = node.next.get(symbol);
    if (next === undefined) {
      next = { next: new Map(), ends: [] };
      node.next.set(symbol, next);
    }
    node = next;
  }
  node.ends.push(known);
}

/** Three units from the last of the letters that a layout begins with, or from its beginning. */
function anchorsOf(wanted: (layout: string) => boolean): readonly string[] {
  const anchors = new Set<string>();
  for (const layout of IDS.flatMap((id) => [...id.layouts, ...id.bare]).filter(wanted)) {
    const from = Math.max(0, layout.search(/[^A]/) - 1);
    let forms = [""];
    for (const symbol of layout.slice(from, from + 3)) {
      forms = forms.flatMap((form) => unitsOf(symbol).map((unit) => form + unit));
    }
    for (const form of forms) anchors.add(form);
  }
  return [...anchors];
}

function unitsOf(symbol: string): readonly string[] {
  if (symbol === "A") return LETTERS;
  return symbol === "9" ? ["0"] : [symbol];
}

/** The anchor stands at the last of the letters: the identifier began before it. */
function lettersFirstAt(view: View, at: number): Outcome {
  const { text } = view;
  let start = at;
  while (at - start < LETTERS_FIRST_MAX && isLetter(text.charCodeAt(start - 1))) start -= 1;
  if (isWordUnit(text.charCodeAt(start - 1))) return undefined;
  return idAt(view, start);
}

function idAt(view: View, start: number): Outcome {
  const { text, stop, final } = view;
  let node = ROOT;
  let best: Outcome;
  for (let end = start; ; end += 1) {
    if (node.ends.length > 0) {
      const found = provenAt(view, start, end, node.ends);
      if (found === MORE) return MORE;
      best = found ?? best;
    }
    if (end >= stop) return final ? best : MORE;
    const next = node.next.get(symbolOf(text.charCodeAt(end)));
    if (next === undefined) return best;
    node = next;
  }
}

/** The likeliest of the identifiers that have this layout. */
function provenAt(view: View, start: number, end: number, ids: readonly Known[]): Outcome {
  const { text, stop, final } = view;
  if (end + WORDS_BEHIND > stop && !final) return MORE;
  if (!endsNumber(text, end) || goesOn(text, start, end)) return undefined;
  const code = codeOf(text, start, end);
  let best: Outcome;
  for (const { id, bare, words } of ids) {
    if (!id.valid(code)) continue;
    const told = isNear(view, start, end, words);
    if (!told && id.alone === 0) continue;
    const score = bare ? (told ? BARE_TOLD : BARE) : told ? TOLD : id.alone;
    if (best !== undefined && best !== MORE && best.score >= score) continue;
    best = { signature: id.name, score, confidence: score / 100, start, end };
  }
  return best;
}

/** Another group of digits follows after a sign that stands between these, too. */
function goesOn(text: string, start: number, end: number): boolean {
  if (!isDigit(text.charCodeAt(end + 1))) return false;
  const sign = text.charAt(end);
  return sign !== "" && text.slice(start, end).includes(sign);
}

/** Upper-case letters and digits without what stands between them. */
function codeOf(text: string, start: number, end: number): string {
  let code = "";
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i);
    if (isDigit(unit)) code += text.charAt(i);
    else if (isLetter(unit)) code += String.fromCharCode(unit & ~0x20);
  }
  return code;
}

function symbolOf(unit: number): number {
  if (isDigit(unit)) return DIGIT;
  return isLetter(unit) ? LETTER : unit;
}
