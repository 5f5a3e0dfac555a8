/**
 * Where something occurs next, looked for once for all candidates of a text: hostile text has many
 * that each would search the same stretch again.
 */
import type { View } from "./signature.ts";

/** Offsets in the folded part: nothing begins in `[from, clear)`. */
export interface Sight {
  from: number;
  clear: number;
  /** Something begins at `clear`; else nobody has looked there yet. */
  found: boolean;
}

/** The longest thing that is looked for. */
const SEEN_UNITS_MAX = 40;
/** Searched at once, for the candidates to come. */
const AHEAD_UNITS = 1024;

/**
 * Index of the first occurrence from `from` on, if it begins before `limit`; else `limit`. `what`
 * matches at most 40 units, asks nothing of what stands behind it, and has the flag `g`. `ahead`:
 * units searched at once for the first of some candidates; few where they are rare.
 */
export function nextSight(
  view: View,
  what: RegExp,
  from: number,
  limit: number,
  ahead = AHEAD_UNITS,
): number {
  const { original, text } = view;
  const { base } = original;
  const sight = sightOf(original.sights, what);
  let units = AHEAD_UNITS;
  if (base + from < sight.from || base + from > sight.clear) {
    sight.from = base + from;
    sight.clear = base + from;
    sight.found = false;
    units = ahead;
  }
  while (!sight.found && sight.clear < base + limit) {
    const start = sight.clear - base;
    const end = Math.min(text.length, Math.max(start + units, limit));
    what.lastIndex = 0;
    const place = what.exec(text.slice(start, end))?.index;
    sight.found = place !== undefined;
    if (place !== undefined) sight.clear += place;
    else if (end === text.length) {
      // What the end cuts short is looked for again when there is more.
      sight.clear = base + Math.max(start, end - SEEN_UNITS_MAX);
      return limit;
    } else sight.clear = base + end - SEEN_UNITS_MAX;
  }
  return sight.found ? Math.min(sight.clear - base, limit) : limit;
}

/** Where the next unit stands that is marked in `units`, if before `limit`; else `limit`. */
export function nextUnit(view: View, units: Uint8Array, from: number, limit: number): number {
  const { original, text } = view;
  const { base } = original;
  const sight = sightOf(original.sights, units);
  if (base + from < sight.from || base + from > sight.clear) {
    sight.from = base + from;
    sight.clear = base + from;
    sight.found = false;
  }
  if (!sight.found) {
    let at = sight.clear - base;
    while (at < limit && units[text.charCodeAt(at)] !== 1) at += 1;
    sight.found = at < limit;
    sight.clear = base + at;
  }
  return Math.min(sight.clear - base, limit);
}

/**
 * Index of the first occurrence that begins in `[from, end)` and ends with the unit at `end` at the
 * latest; else `end`. Where many ask for stretches with the same end, one search serves them all.
 */
export function sightWithin(view: View, what: RegExp, from: number, end: number): number {
  const { original, text } = view;
  const { base } = original;
  const sight = sightOf(original.sights, what);
  if (base + from >= sight.from && base + end <= sight.clear) return end;
  what.lastIndex = 0;
  const place = what.exec(text.slice(from, end + 1))?.index ?? Infinity;
  if (from + place < end) return from + place;
  sight.from = base + from;
  sight.clear = base + end;
  return end;
}

function sightOf(sights: Map<object, Sight>, what: object): Sight {
  const known = sights.get(what);
  if (known !== undefined) return known;
  const sight = { from: 0, clear: -1, found: false };
  sights.set(what, sight);
  return sight;
}
