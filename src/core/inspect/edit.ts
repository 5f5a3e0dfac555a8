/** Text to put in place of `[start, end)`. UTF-16 offsets, absolute within a part. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** `text`, which begins at offset `from` of its part, with the edits that lie in it. */
export function applyEdits(text: string, from: number, edits: readonly Edit[]): string {
  let out = "";
  let done = 0;
  for (const { start, end, replacement } of edits) {
    const [left, right] = [start - from, end - from];
    if (right <= done || left >= text.length) continue;
    if (left >= 0) out += text.slice(done, Math.max(left, done)) + replacement;
    done = Math.min(right, text.length);
  }
  return out + text.slice(done);
}
