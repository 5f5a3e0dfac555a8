/** What a name looks like at a glance, for comparing names by their looks. */
import { foldLiteral } from "../inspect/fold.ts";

const LOOKS_LIKE: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "l",
  i: "l",
  "|": "l",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "8": "b",
  "9": "g",
  $: "s",
};

export function skeletonOf(name: string): string {
  const plain = foldLiteral(name).toLowerCase();
  let out = "";
  for (const char of plain) out += LOOKS_LIKE[char] ?? char;
  return out
    .replaceAll("rn", "m")
    .replaceAll("vv", "w")
    .replaceAll("cl", "d")
    .replaceAll("nn", "m");
}

/** A bit for each letter that occurs. */
export function lettersOf(text: string): number {
  let mask = 0;
  for (let i = 0; i < text.length; i += 1) {
    const letter = text.charCodeAt(i) - 0x61;
    if (letter >= 0 && letter < 26) mask |= 1 << letter;
  }
  return mask;
}

export function bits(mask: number): number {
  let count = 0;
  for (let left = mask; left !== 0; left &= left - 1) count += 1;
  return count;
}
