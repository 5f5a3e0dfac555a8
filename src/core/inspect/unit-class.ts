import { isDigit, isLetter } from "./text-units.ts";

export const CLASS_BITS = 6;
export const CLASSES = 1 << CLASS_BITS;
export const ASCII_END = 0x80;

export const SPACE_CLASS = 0;
const SIGN_CLASSES = 31;

/**
 * Letters without case, all digits alike, all white space alike, other signs nearly each their own.
 * Odd for what is in a word.
 */
export const classOf = new Uint8Array(0x10000);
for (let unit = 0, signs = 0; unit < classOf.length; unit += 1) {
  if (unit <= 0x20 || unit === 0x7f) classOf[unit] = SPACE_CLASS;
  else if (isDigit(unit)) classOf[unit] = 1;
  else if (isLetter(unit)) classOf[unit] = (((unit | 0x20) - 0x60) << 1) | 1;
  else if (unit < ASCII_END) classOf[unit] = ((signs++ % SIGN_CLASSES) + 1) << 1;
  else classOf[unit] = ((unit ^ (unit >> (CLASS_BITS - 1))) << 1) & (CLASSES - 1);
}

export function classAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? (classOf[text.charCodeAt(at)] ?? 0) : SPACE_CLASS;
}
