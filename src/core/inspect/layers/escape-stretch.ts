/** Stretches of text with escapes in them: what is decoded at once. */
import { escapeWidth } from "./escapes.ts";

/** Units without an escape that end a stretch. */
const QUIET_MAX = 64;
const STRETCH_MAX = 512;
/** Of these, so many are looked at again with the word that they end in. */
const TAIL_MIN = 32;
/** Units before an escape that its word may have begun with. */
const LOOK_BACK = 32;

/** The end of the stretch, or undefined while more text could belong to it. */
export function stretchEnd(text: string, start: number, ended: boolean): number | undefined {
  const most = Math.min(text.length, start + STRETCH_MAX);
  let last = start;
  let at = start;
  while (at < most && at - last < QUIET_MAX) {
    const width = escapeWidth(text, at, most);
    at += Math.max(1, width);
    if (width > 0) last = at;
  }
  if (at - last >= QUIET_MAX || at >= start + STRETCH_MAX || ended) return Math.min(at, most);
  return undefined;
}

/** Where the word begins that the escape at `at` stands in. */
export function wordStart(text: string, at: number): number {
  const least = Math.max(0, at - LOOK_BACK);
  let start = at;
  while (start > least && text.charCodeAt(start - 1) > 0x20) start -= 1;
  return start;
}

/**
 * Up to where a stretch says more than the text itself: what is found far behind its last escape is
 * found without it.
 */
export function tailEnd(text: string, start: number, end: number): number {
  const least = Math.max(start, end - QUIET_MAX);
  let last = end - 1;
  let width = 0;
  for (; last >= least && width === 0; last -= 1) width = escapeWidth(text, last, end);
  let at = last + 1 + width + TAIL_MIN;
  while (at < end && text.charCodeAt(at) > 0x20) at += 1;
  return Math.min(at, end);
}
