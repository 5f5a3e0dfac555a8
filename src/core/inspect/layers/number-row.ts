/** How many numbers stand in a row, told beside what is read of a passage. */

/** Units between two numbers of one row. */
const GAP_MAX = 4;
const PERCENT = 0x25;
const SMALL_X = 0x78;
/** By digits behind `0x`: whether a number of so many may stand for a character, or be a prefix. */
const isCodeLength = Uint8Array.of(1, 0, 1, 1, 0, 0, 0, 1, 1);

/** The numbers of the row at hand, where it ends, and the most that the passage has in one. */
const row = { numbers: 0, end: -GAP_MAX, longest: 0 };

export function resetRow(): void {
  row.numbers = 0;
  endRow();
  row.longest = 0;
}

/** Something stands between. */
export function endRow(): void {
  row.end = -GAP_MAX;
}

export function longestRow(): number {
  return row.longest;
}

/** A row goes on over short gaps; what is written `%41` is an escape. */
export function readInRow(text: string, start: number, end: number): void {
  const goesOn = start - row.end <= GAP_MAX && text.charCodeAt(start - 1) !== PERCENT;
  row.numbers = goesOn ? row.numbers + 1 : 1;
  if (row.numbers > row.longest) row.longest = row.numbers;
  const isPrefixed = end - start > 1 && (text.charCodeAt(start + 1) | 0x20) === SMALL_X;
  row.end = isCodeLength[isPrefixed ? end - start - 2 : end - start] === 1 ? end : -GAP_MAX;
}
