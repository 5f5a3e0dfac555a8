/** How sightings are made from counts. */
import type { Sighting } from "./conduct.ts";

/** Enough for an entry that looks from `low`, too little to raise a session's level. */
export const NOTED = 35;

/** Score by count: the last step that is reached. */
export type Steps = readonly (readonly [count: number, score: number])[];

export function scoreAt(steps: Steps, count: number): number {
  return steps.findLast(([least]) => count >= least)?.[1] ?? 0;
}

export function sighting(kind: string, signature: string, score: number): readonly Sighting[] {
  return score === 0 ? [] : [{ detector: `behaviour.${kind}`, signature, score }];
}
