import { nextSight } from "../next-sight.ts";
import type { View } from "../signature.ts";

/** Units before and behind a candidate in which words that name it count. */
const WORDS_BEFORE = 48;
export const WORDS_BEHIND = 32;

export interface NearWords {
  /** Any of them, also inside a longer word: looked for once for all candidates of a text. */
  readonly anywhere: RegExp;
  /** Any of them, not inside a longer one. */
  readonly whole: RegExp;
}

export function nearWords(words: readonly string[]): NearWords {
  const any = words.join("|");
  return {
    anywhere: new RegExp(any, "gi"),
    whole: new RegExp(`(?<![a-z])(?:${any})(?![a-z])`, "i"),
  };
}

/** Whether what the words name may stand at `[start, end)`: they are near it, or label the text. */
export function isNear(
  view: View,
  start: number,
  end: number,
  { anywhere, whole }: NearWords,
): boolean {
  const { text, stop, label } = view;
  if (label !== "" && whole.test(label)) return true;
  const from = Math.max(0, start - WORDS_BEFORE);
  const to = Math.min(stop, end + WORDS_BEHIND);
  if (nextSight(view, anywhere, from, to) === to) return false;
  return whole.test(text.slice(from, start)) || whole.test(text.slice(end, to));
}
