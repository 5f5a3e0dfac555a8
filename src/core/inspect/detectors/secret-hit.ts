import type { Outcome, View } from "../signature.ts";
import { isSample } from "./secret-value.ts";

/** Units of a text in which a sample is handed over; further on it is shown by a document. */
const HANDED_OVER = 256;
/** Enough to be stopped on its way out, and to be told from a real one by the operator. */
const SAMPLE_SCORE = 65;

interface Candidate {
  readonly signature: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

/**
 * A value in a provider's format. What its documentation shows in place of one is what people try a
 * gate with: it counts where it leaves, handed over as if it were real, and not where documents show it.
 */
export function secretHit({ original, leaves }: View, found: Candidate, value: string): Outcome {
  const { signature, score, start } = found;
  if (!isSample(value)) return { ...found, confidence: score / 100 };
  if (!leaves || original.base + start > HANDED_OVER) return undefined;
  const confidence = SAMPLE_SCORE / 100;
  return { ...found, signature: `${signature}-sample`, score: SAMPLE_SCORE, confidence };
}
