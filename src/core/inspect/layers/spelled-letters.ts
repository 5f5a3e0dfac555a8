/** Words written a letter at a time: `i g n o r e`, `i.g.n.o.r.e`, a letter a line. */
import { isWordUnit } from "../text-units.ts";
import { unglued } from "./glued-words.ts";

/** Units between two letters of one run. */
const GAP_MAX = 5;
const RUN_MIN = 6;
/** Different letters among the first of a run: lists of variables have fewer. */
const DISTINCT_MIN = 6;
const DISTINCT_REACH = 48;

/** What such runs say, a line each. */
export function unspelled(text: string): string {
  const said: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    if (!isSingle(text, i)) continue;
    const end = spelledEnd(text, i);
    if (run.isLanguage) said.push(wordsOf(text, i, end));
    i = end - 1;
  }
  return said.join("\n");
}

function isSingle(text: string, at: number): boolean {
  return (
    isWordUnit(text.charCodeAt(at)) &&
    !isWordUnit(text.charCodeAt(at - 1)) &&
    !isWordUnit(text.charCodeAt(at + 1))
  );
}

/** The run that was read last. */
const run = { isLanguage: false };

/** Where the run ends that begins at `start`. */
function spelledEnd(text: string, start: number): number {
  let letters = 1;
  let distinct = 0;
  let seen = bitOf(text.charCodeAt(start));
  let end = start + 1;
  for (;;) {
    const next = letterAfter(text, end);
    if (next < 0) break;
    const bit = bitOf(text.charCodeAt(next));
    if ((seen & bit) === 0 && letters < DISTINCT_REACH) distinct += 1;
    seen |= bit;
    letters += 1;
    end = next + 1;
  }
  run.isLanguage = letters >= RUN_MIN && distinct + 1 >= Math.min(DISTINCT_MIN, letters);
  return end;
}

function bitOf(unit: number): number {
  return 1 << (unit & 0x1f);
}

/** The next letter of the run; -1: it is over. */
function letterAfter(text: string, from: number): number {
  const most = Math.min(text.length, from + GAP_MAX);
  let next = from;
  while (next < most && !isWordUnit(text.charCodeAt(next))) next += 1;
  return next === from || next >= text.length || !isSingle(text, next) ? -1 : next;
}

/** The commonest gap stands between letters, others between words. */
function wordsOf(text: string, start: number, end: number): string {
  const letters: string[] = [text.charAt(start)];
  const gaps: string[] = [];
  const counts = new Map<string, number>();
  for (let at = start + 1; at < end;) {
    const next = letterAfter(text, at);
    const gap = text.slice(at, next);
    gaps.push(gap);
    counts.set(gap, (counts.get(gap) ?? 0) + 1);
    letters.push(text.charAt(next));
    at = next + 1;
  }
  const [inner] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
  let words = letters[0] ?? "";
  for (const [i, gap] of gaps.entries()) {
    words += `${gap === inner ? "" : " "}${letters[i + 1] ?? ""}`;
  }
  return unglued(words);
}
