/**
 * Texts that were looked at a moment ago. What `foresee.ts` looked at is kept until the look that
 * counts; long texts in which nothing was found are kept while there is room, because an agent sends
 * its whole conversation again with every turn. Whole texts are compared: no two are taken for one.
 */
import type { ScanPlan } from "./scan-plan.ts";
import type { TextScan } from "./text-scan.ts";

export interface KnownText {
  /** What the text was called, which some detectors weigh; undefined: it does not matter here. */
  readonly label: string | undefined;
  /** Undefined: nothing is in it. */
  readonly scan: TextScan | undefined;
}

/** Shorter texts are looked at as fast as they are found again. */
const KEPT_UNITS_MIN = 64;
/** Units of all texts of one generation; there are two. */
const GENERATION_UNITS_MAX = 524_288;

/** A text's slot is computed from all units at either end, and from some in between. */
const TELLING_ENDS = 16;
const TELLING_BETWEEN = 24;

interface Kept {
  readonly text: string;
  /** Of the plan, which is another object for each exchange with names. */
  readonly rules: ScanPlan["rules"];
  readonly known: KnownText;
}

/** By `placeOf`, and one text a place: as keys, each new text would be hashed unit by unit. */
let young = new Map<number, Kept>();
let old = new Map<number, Kept>();
let youngUnits = 0;

/** What is known of a complete text of this name. */
export function recall(plan: ScanPlan, text: string, label: string): KnownText | undefined {
  for (const texts of plan.foreseen) {
    const known = texts.get(text);
    if (known !== undefined && isCalled(known, label)) return known;
  }
  if (text.length < KEPT_UNITS_MIN) return undefined;
  const kept = keptOf(text);
  if (kept === undefined || kept.rules !== plan.rules) return undefined;
  return isCalled(kept.known, label) ? kept.known : undefined;
}

/** Nothing was found in all of it. */
export function keepClean(plan: ScanPlan, text: string, label: string | undefined): void {
  if (text.length < KEPT_UNITS_MIN || text.length > GENERATION_UNITS_MAX) return;
  const known = label === undefined ? CLEAN : { label, scan: undefined };
  keep(placeOf(text), { text, rules: plan.rules, known });
}

/** A text that is clean under any name. */
export const CLEAN: KnownText = { label: undefined, scan: undefined };

function keptOf(text: string): Kept | undefined {
  const place = placeOf(text);
  const kept = young.get(place);
  if (kept?.text === text) return kept;
  const older = old.get(place);
  if (older?.text !== text) return undefined;
  keep(place, older);
  return older;
}

function keep(place: number, kept: Kept): void {
  const { length } = kept.text;
  if (youngUnits + length > GENERATION_UNITS_MAX) {
    old = young;
    young = new Map();
    youngUnits = 0;
  }
  youngUnits += length - (young.get(place)?.text.length ?? 0);
  young.set(place, kept);
}

/** The slot for a text. Two texts with the same slot only drive each other out. */
function placeOf(text: string): number {
  const { length } = text;
  const step = Math.ceil(length / TELLING_BETWEEN);
  let place = length;
  for (let at = 0; at < TELLING_ENDS; at += 1) place = mixed(place, text.charCodeAt(at));
  for (let at = step; at < length; at += step) place = mixed(place, text.charCodeAt(at));
  for (let at = length - TELLING_ENDS; at < length; at += 1) {
    place = mixed(place, text.charCodeAt(at));
  }
  return place;
}

function mixed(place: number, unit: number): number {
  return (Math.imul(place, 31) + unit) | 0;
}

function isCalled(known: KnownText, label: string): boolean {
  return known.label === undefined || known.label === label;
}
