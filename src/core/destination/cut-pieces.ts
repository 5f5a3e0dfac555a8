/** Pieces of one length, side by side, that something was cut into. */
const PIECES_MIN = 3;
const UNITS_MIN = 4;
/** Less says nothing that could be read. */
const TEXT_MIN = 16;

/**
 * The first run of them joined, with what is left over behind it; of `name=value` only the values.
 * Empty where there is none.
 */
export function cutPieces(text: string, divider: "/" | "&"): string {
  if (text.length < TEXT_MIN) return "";
  let count = 0;
  let units = 0;
  let start = 0;
  for (let from = text.startsWith(divider) ? 1 : 0; from <= text.length;) {
    const next = text.indexOf(divider, from);
    const end = next < 0 ? text.length : next;
    if (end - from === units) count += 1;
    else if (count >= PIECES_MIN)
      return joined(text, start, end - from < units ? end : from - 1, divider);
    else {
      count = 1;
      units = end - from;
      start = from;
      if (units < UNITS_MIN) count = 0;
    }
    from = end + 1;
  }
  return count >= PIECES_MIN ? joined(text, start, text.length, divider) : "";
}

function joined(text: string, start: number, end: number, divider: "/" | "&"): string {
  const pieces = text.slice(start, end).split(divider);
  return pieces.map((piece) => piece.slice(divider === "&" ? piece.indexOf("=") + 1 : 0)).join("");
}
