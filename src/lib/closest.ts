import { editDistance } from "./edit-distance.ts";

const LENGTH_MAX = 64;

/**
 * The candidate a mistyped word most likely meant: the smallest edit distance, at most a third of
 * the word's length. Undefined when nothing is near or the word is too long to be a typing error.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
