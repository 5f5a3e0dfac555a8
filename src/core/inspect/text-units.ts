/** Kinds of UTF-16 units. Word units are ASCII: boundaries must not depend on the script. */

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
