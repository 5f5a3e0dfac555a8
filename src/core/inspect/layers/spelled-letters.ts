/** Words written a letter at a time: `i g n o r e`, `i.g.n.o.r.e`, a letter a line. */
import { isWordUnit } from "../text-units.ts";
import { unglued } from "./glued-words.ts";

/** Units between two letters of one run. */
const GAP_MAX = 5;
const RUN_MIN = 6;
/** Different letters among the first of a run: lists of variables have fewer. */
const DISTINCT_MIN = 6;
const DISTINCT_REACH = 48;

interface SpelledRun {
  readonly letters: string[];
  /** What stands behind each letter, but the last. */
  readonly gaps: string[];
  end: number;
}

/** What such runs say, a line each. */
export function unspelled(text: string): string {
  const said: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    if (!isSingle(text, i)) continue;
    const run = readRun(text, i);
    if (isLanguage(run)) said.push(wordsOf(run));
    i = run.end - 1;
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

function readRun(text: string, start: number): SpelledRun {
  const run: SpelledRun = { letters: [text.charAt(start)], gaps: [], end: start + 1 };
  for (;;) {
    let next = run.end;
    const most = Math.min(text.length, next + GAP_MAX);
    while (next < most && !isWordUnit(text.charCodeAt(next))) next += 1;
    if (next === run.end || next >= text.length || !isSingle(text, next)) return run;
    run.gaps.push(text.slice(run.end, next));
    run.letters.push(text.charAt(next));
    run.end = next + 1;
  }
}

function isLanguage({ letters }: SpelledRun): boolean {
  if (letters.length < RUN_MIN) return false;
  return new Set(letters.slice(0, DISTINCT_REACH)).size >= Math.min(DISTINCT_MIN, letters.length);
}

/** The commonest gap stands between letters, others between words. */
function wordsOf({ letters, gaps }: SpelledRun): string {
  const counts = new Map<string, number>();
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1);
  const [inner] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
  let words = letters[0] ?? "";
  for (const [i, gap] of gaps.entries()) {
    words += `${gap === inner ? "" : " "}${letters[i + 1] ?? ""}`;
  }
  return unglued(words);
}
