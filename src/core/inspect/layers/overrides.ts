/**
 * Text behind a right-to-left override is stored backwards and shown forwards: a model that is told
 * what a page shows reads the words.
 *
 * @see https://www.unicode.org/reports/tr9/#Explicit_Directional_Overrides
 */
import { backwards } from "./ciphers.ts";

const OVERRIDE = "\u202e";
/** Stands in its place: read from left to right, and folded away as well. */
const LEFT_TO_RIGHT = "\u200e";
/** Up to where it is taken back, or the end of the line. */
const OVERRIDDEN = /\u202e([^\u202c\n]*)/g;

export function hasOverride(text: string): boolean {
  return text.includes(OVERRIDE);
}

/** As it is shown; every stretch keeps its place and its length. */
export function asShown(text: string): string {
  return text.replaceAll(OVERRIDDEN, (_, stored: string) => {
    return LEFT_TO_RIGHT + backwards(stored);
  });
}
