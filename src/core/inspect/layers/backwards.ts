/** Text that is written backwards: all of it, or each word. */
import { textOf, unitsOf } from "../text-units.ts";

export function backwards(text: string): string {
  const units = new Uint16Array(text.length);
  putBackwards(units, text, 0, text.length);
  return textOf(units);
}

/** Each word where it stands, and on another line the whole. */
export function backwardsBoth(text: string): string {
  const units = unitsOf(text);
  let start = 0;
  for (let i = 0; i <= text.length; i += 1) {
    if (i < text.length && !isSpace(units[i] ?? 0)) continue;
    if (i - start > 1) putBackwards(units, text, start, i);
    start = i + 1;
  }
  return `${textOf(units)}\n${backwards(text)}`;
}

/**
 * Puts `[start, end)` of the text in the same place of `units`, the last of it first. By characters: two
 * units that are one stay in their order.
 */
export function putBackwards(units: Uint16Array, text: string, start: number, end: number): void {
  let to = end - 1;
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xfc00) === 0xd800 && i + 1 < end && isSecondHalf(text.charCodeAt(i + 1))) {
      i += 1;
      units[to] = text.charCodeAt(i);
      to -= 1;
    }
    units[to] = unit;
    to -= 1;
  }
}

function isSecondHalf(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** As in patterns; mostly it is one of ASCII. */
function isSpace(unit: number): boolean {
  return unit < 0xa0 ? unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) : FOREIGN_SPACES.has(unit);
}

const FOREIGN_SPACES = new Set<number>();
for (const char of "\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff") {
  FOREIGN_SPACES.add(char.charCodeAt(0));
}
for (let unit = 0x2000; unit <= 0x200a; unit += 1) FOREIGN_SPACES.add(unit);
