/** Text is looked at for disguised words a passage at a time: these are told as a whole. */
import type { TextScan } from "../text-scan.ts";
import { disguisesOf } from "./disguises.ts";

/** A passage ends here, or with its text; the next one begins a little before. */
export const PASSAGE_UNITS = 2048;
const OVERLAP = 192;
/** Shorter ones say nothing. */
const PASSAGE_MIN = 20;
/** Past any string: nothing is looked for. */
export const NO_PASSAGE = 0x3fffffff;

/** The end of the passage at hand; `NO_PASSAGE` while more of it may come. */
export function passageEnd({ plan, text, passageFrom: from, ended }: TextScan): number {
  if (plan.empty || from === NO_PASSAGE) return NO_PASSAGE;
  const left = text.length - from;
  if (left >= PASSAGE_UNITS) return from + PASSAGE_UNITS;
  return ended && left >= PASSAGE_MIN ? text.length : NO_PASSAGE;
}

/** Whether any passage of a complete text wears a disguise. */
export function isDisguised(text: string): boolean {
  for (let from = 0; text.length - from >= PASSAGE_MIN; from += PASSAGE_UNITS - OVERLAP) {
    const end = Math.min(text.length, from + PASSAGE_UNITS);
    if (disguisesOf(text, from, end).length > 0) return true;
    if (end === text.length) return false;
  }
  return false;
}

/** Where the passage begins that comes after one. */
export function passageBehind(start: number, end: number): number {
  return end - start < PASSAGE_UNITS ? NO_PASSAGE : end - OVERLAP;
}
