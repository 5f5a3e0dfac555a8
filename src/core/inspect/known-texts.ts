/**
 * Texts that were looked at a moment ago. What `foresee.ts` looked at is kept until the look that
 * counts; long texts in which nothing was found are kept while there is room, because an agent sends
 * its whole conversation again with every turn. The texts themselves are the keys: no two are taken
 * for one.
 */
import type { ScanPlan } from "./scan-plan.ts";
import type { TextScan } from "./text-scan.ts";

export interface KnownText {
  /** What it was called, which detectors may weigh; undefined: nothing in it needs a name. */
  readonly label: string | undefined;
  /** Undefined: nothing is in it. */
  readonly scan: TextScan | undefined;
}

/** Shorter texts are looked at as fast as they are found again. */
const KEPT_UNITS_MIN = 64;
/** Units of all texts of one generation; there are two. */
const GENERATION_UNITS_MAX = 524_288;

interface Kept {
  /** Of the plan, which is another object for each exchange with names. */
  readonly rules: ScanPlan["rules"];
  readonly text: KnownText;
}

let young = new Map<string, Kept>();
let old = new Map<string, Kept>();
let youngUnits = 0;

/** What is known of a complete text of this name. */
export function recall(plan: ScanPlan, text: string, label: string): KnownText | undefined {
  for (const texts of plan.foreseen) {
    const known = texts.get(text);
    if (known !== undefined && isCalled(known, label)) return known;
  }
  if (text.length < KEPT_UNITS_MIN) return undefined;
  const kept = young.get(text) ?? recallOld(text);
  if (kept === undefined || kept.rules !== plan.rules) return undefined;
  return isCalled(kept.text, label) ? kept.text : undefined;
}

/** Nothing was found in all of it. */
export function keepClean(plan: ScanPlan, text: string, label: string | undefined): void {
  if (text.length < KEPT_UNITS_MIN || text.length > GENERATION_UNITS_MAX) return;
  keep(text, { rules: plan.rules, text: label === undefined ? CLEAN : { label, scan: undefined } });
}

/** Whatever it is called. */
export const CLEAN: KnownText = { label: undefined, scan: undefined };

function recallOld(text: string): Kept | undefined {
  const kept = old.get(text);
  if (kept !== undefined) keep(text, kept);
  return kept;
}

function keep(text: string, kept: Kept): void {
  if (youngUnits + text.length > GENERATION_UNITS_MAX) {
    old = young;
    young = new Map();
    youngUnits = 0;
  }
  if (!young.has(text)) youngUnits += text.length;
  young.set(text, kept);
}

function isCalled(known: KnownText, label: string): boolean {
  return known.label === undefined || known.label === label;
}
