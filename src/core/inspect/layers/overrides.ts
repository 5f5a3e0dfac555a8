/**
 * Text behind a right-to-left override is stored backwards and shown forwards: a model that is told
 * what a page shows reads the words.
 *
 * @see https://www.unicode.org/reports/tr9/#Explicit_Directional_Overrides
 */
import { textOf, unitsOf } from "../text-units.ts";
import { putBackwards } from "./backwards.ts";

const OVERRIDE = "\u202e";
/** Stands in its place: read from left to right, and folded away as well. */
const LEFT_TO_RIGHT = 0x200e;
const TAKEN_BACK = 0x202c;
const NEWLINE = 0x0a;

export function hasOverride(text: string): boolean {
  return text.includes(OVERRIDE);
}

/** As it is shown; every stretch keeps its place and its length. */
export function asShown(text: string): string {
  const units = unitsOf(text);
  for (let at = text.indexOf(OVERRIDE); at >= 0;) {
    const end = overriddenEnd(text, at + 1);
    units[at] = LEFT_TO_RIGHT;
    putBackwards(units, text, at + 1, end);
    at = text.indexOf(OVERRIDE, end);
  }
  return textOf(units);
}

/** Where it is taken back, or the line ends. */
function overriddenEnd(text: string, from: number): number {
  let end = from;
  for (; end < text.length; end += 1) {
    const unit = text.charCodeAt(end);
    if (unit === TAKEN_BACK || unit === NEWLINE) break;
  }
  return end;
}
