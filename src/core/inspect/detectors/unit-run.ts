/** Runs of units of one kind, each read once for all candidates that stand in it. */
import type { OriginalText, View } from "../signature.ts";
import { fits } from "./secret-value.ts";

/** Offsets of the part: all units in `[from, to)` fit. */
interface Run {
  readonly of: OriginalText;
  readonly from: number;
  readonly to: number;
}

/** By kind: the run that was read last. */
const runs = new Map<number, Run>();

/** Where the run from `from` on ends, or `most` if it goes on behind it. */
export function runEnd(
  { text, original }: View,
  units: number,
  from: number,
  most: number,
): number {
  const { base } = original;
  const known = runs.get(units);
  const isInside =
    known !== undefined &&
    known.of === original &&
    known.from <= base + from &&
    known.to >= base + from;
  let end = isInside ? Math.min(known.to - base, most) : from;
  while (end < most && fits(units, text.charCodeAt(end))) end += 1;
  if (!isInside) runs.set(units, { of: original, from: base + from, to: base + end });
  else if (base + end > known.to)
    runs.set(units, { of: original, from: known.from, to: base + end });
  return end;
}
