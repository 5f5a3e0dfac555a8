/** Loops: the same again, and nothing comes of it. */
import type { Sighting } from "./conduct.ts";
import type { Errand } from "./errand.ts";
import { NOTED, scoreAt, sighting, type Steps } from "./sightings.ts";
import type { Noted } from "./session-window.ts";

/** A test is run after each change, and a job is asked after until it is done. */
const SAME_CALL: Readonly<Record<Errand, Steps>> = {
  asks: [[3, NOTED]],
  works: [
    [3, NOTED],
    [24, 62],
    [48, 80],
  ],
  reads: [
    [3, 45],
    [4, 62],
    [6, 80],
    [8, 92],
  ],
  acts: [
    [3, 45],
    [4, 62],
    [6, 80],
    [8, 92],
  ],
};
const SAME_ERROR: Steps = [
  [3, 62],
  [5, 80],
];
/** Rounds of the same two or three calls in turn. */
const ROUNDS = 3;

export function repeated(calls: readonly Noted[]): readonly Sighting[] {
  const last = calls.at(-1);
  if (last === undefined) return [];
  const cycles = isCycle(calls, 2) || isCycle(calls, 3);
  return [
    ...sighting("loop", "same-call", scoreAt(SAME_CALL[last.errand], sameInVain(calls, last))),
    ...sighting("loop", "same-error", errorScore(last, failedBefore(calls, last))),
    ...sighting("loop", "cycle", cycles ? 66 : 0),
  ];
}

export function isSame(one: Pick<Noted, "name" | "digest">, other: typeof one): boolean {
  return one.digest === other.digest && one.name === other.name;
}

/** How often this call was made, the last one included, since something else came of it or between. */
function sameInVain(calls: readonly Noted[], last: Noted): number {
  let count = 0;
  let answer: number | undefined;
  for (const call of calls.toReversed()) {
    if (!isSame(call, last)) {
      // What reaches others reaches them again, whatever was done in between.
      if (call.fresh && last.errand !== "acts") break;
      continue;
    }
    if (last.errand !== "acts" && differ(answer, call.answer)) break;
    answer = call.answer ?? answer;
    if (!call.later) count += 1;
  }
  return count;
}

function differ(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

function failedBefore(calls: readonly Noted[], { name }: Noted): number {
  const named = calls.filter((call) => call.name === name && !call.later).slice(0, -1);
  return named.length - 1 - named.findLastIndex((call) => !call.failed);
}

/** What is waited for is often not there yet, and whoever waits asks again. */
function errorScore({ kind, errand }: Noted, count: number): number {
  const score = scoreAt(SAME_ERROR, count);
  return errand === "asks" && kind !== "llm" ? Math.min(NOTED, score) : score;
}

/** The last calls are the same few in turn, with the same answers, and more than questions. */
function isCycle(calls: readonly Noted[], period: number): boolean {
  const length = period * ROUNDS;
  if (calls.length < length) return false;
  const tail = calls.slice(-length);
  const round = tail.slice(0, period);
  if (new Set(round.map(({ digest, name }) => `${digest} ${name}`)).size < period) return false;
  if (round.every(({ errand }) => errand === "asks")) return false;
  return tail.every((call, i) => {
    const before = tail[i - period];
    return before === undefined || (isSame(before, call) && !differ(before.answer, call.answer));
  });
}
