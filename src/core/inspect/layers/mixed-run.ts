/** How long letters and digits stand without a gap, told beside what is read of a passage. */
import { isDigit, isLetter } from "../text-units.ts";
import { MIXED_MIN } from "./glued-words.ts";

/** The run at hand, and the longest of the passage. */
const run = { from: 0, end: -1, longest: 0 };

export function resetMixed(): void {
  run.end = -1;
  run.longest = 0;
}

export function isMixed(): boolean {
  return run.longest >= MIXED_MIN;
}

/** Letters go on with a run that digits have begun. */
export function mixedLetters(start: number, end: number): void {
  if (start === run.end) goOn(end);
}

export function mixedDigits(text: string, start: number, end: number): void {
  if (start !== run.end) run.from = wordBefore(text, start);
  goOn(end);
}

function goOn(end: number): void {
  run.end = end;
  if (end - run.from > run.longest) run.longest = end - run.from;
}

function wordBefore(text: string, at: number): number {
  let start = at;
  while (at - start < MIXED_MIN && isAlphanumeric(text.charCodeAt(start - 1))) start -= 1;
  return start;
}

function isAlphanumeric(unit: number): boolean {
  return isLetter(unit) || isDigit(unit);
}
