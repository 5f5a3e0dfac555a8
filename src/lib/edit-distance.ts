/** Units of the texts that need no rows of their own. */
const ROW_UNITS = 64;
let beforeLast = new Int32Array(ROW_UNITS + 1);
let last = new Int32Array(ROW_UNITS + 1);
let row = new Int32Array(ROW_UNITS + 1);

/**
 * Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1. A
 * distance past `most` is told as some number past it.
 */
export function editDistance(a: string, b: string, most = Infinity): number {
  if (b.length >= row.length) growRows(b.length + 1);
  for (let j = 0; j <= b.length; j += 1) last[j] = j;
  let leastBefore = 0;
  for (let i = 1; i <= a.length; i += 1) {
    const unit = a.charCodeAt(i - 1);
    let least = (row[0] = i);
    for (let j = 1; j <= b.length; j += 1) {
      const other = b.charCodeAt(j - 1);
      const changed = at(last, j - 1) + (unit === other ? 0 : 1);
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, changed);
      const isSwap = i > 1 && j > 1 && unit === b.charCodeAt(j - 2);
      if (isSwap && a.charCodeAt(i - 2) === other) cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap reaches back over a row.
    if (least > most && leastBefore >= most) return least;
    leastBefore = least;
    const oldest = beforeLast;
    beforeLast = last;
    last = row;
    row = oldest;
  }
  return at(last, b.length);
}

function growRows(length: number): void {
  beforeLast = new Int32Array(length);
  last = new Int32Array(length);
  row = new Int32Array(length);
}

function at(cells: Int32Array, index: number): number {
  return cells[index] ?? 0;
}
