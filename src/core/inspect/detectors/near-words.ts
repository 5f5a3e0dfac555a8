import type { View } from "../signature.ts";

/** Units before and behind a candidate in which words that name it count. */
const WORDS_BEFORE = 48;
export const WORDS_BEHIND = 32;

/** Any of the words, not inside a longer one. */
export function nearWords(words: readonly string[]): RegExp {
  return new RegExp(`(?<![a-z])(?:${words.join("|")})(?![a-z])`, "i");
}

/** Whether what the words name may stand at `[start, end)`: they are near it, or label the text. */
export function isNear(
  { text, stop, label }: View,
  start: number,
  end: number,
  words: RegExp,
): boolean {
  return (
    words.test(text.slice(Math.max(0, start - WORDS_BEFORE), start)) ||
    words.test(text.slice(end, Math.min(stop, end + WORDS_BEHIND))) ||
    (label !== "" && words.test(label))
  );
}
