/**
 * Whether the last units of a text could become an anchor once more text comes. Only of signatures
 * that may rewrite text: for others nothing has to be held back.
 */
import { ANYWHERE, AT_WORD_START, classAt, KEY_LAYOUT, type AnchorTable } from "./find-anchor.ts";

/** Where the last one or two units of `text` could begin an anchor; its length if they cannot. */
export function anchorTail(table: AnchorTable, text: string, from: number): number {
  const end = text.length;
  const [a, b] = [classAt(text, end - 2), classAt(text, end - 1)];
  if (end - 2 >= from && mayBegin(table, (a << KEY_LAYOUT.CLASS_BITS) | b, text, end - 2))
    return end - 2;
  return end - 1 >= from && mayBegin(table, b, text, end - 1) ? end - 1 : end;
}

function mayBegin(table: AnchorTable, key: number, text: string, at: number): boolean {
  const where = table.heads[key] ?? 0;
  return where === ANYWHERE || (where === AT_WORD_START && (classAt(text, at - 1) & 1) === 0);
}
