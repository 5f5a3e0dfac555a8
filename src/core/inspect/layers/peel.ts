/**
 * What hides behind an encoding: a stretch of text is decoded and looked at by the same plan, and
 * what is found there is laid on the stretch. Layer by layer, within a budget.
 */
import { toOriginal, type OffsetMap } from "../fold.ts";
import { redact } from "../judge.ts";
import type { TextScan } from "../text-scan.ts";
import { escapesMap, nextEscape, openEscape, unescape, type Unescaped } from "./escapes.ts";
import { stretchEnd, tailEnd, wordStart } from "./escape-stretch.ts";
import { judgePassage } from "./judge-passage.ts";
import { affordEscapes, affordRun, grantInflated, innerRoom, payOpened } from "../scan-budget.ts";
import {
  LAYERS_MAX,
  lookInside,
  payInner,
  report,
  type InnerText,
  type Look,
} from "./inner-look.ts";
import { decodeRun, isPiece, nextRun, openRun, runEnd, RUN_OVERLAP } from "./opaque-run.ts";
import { NO_PASSAGE, passageEnd } from "./passages.ts";
import type { Readable, Room } from "./readable.ts";

/** Past any string; see `advance.ts`. */
const NOWHERE = 0x3fffffff;

/**
 * The next stretches to decode. Each is judged where it ends, after every candidate inside it; an
 * end that is not yet known is `NOWHERE`.
 */
export interface Stretches {
  runStart: number;
  runEnd: number;
  escapeStart: number;
  escapeEnd: number;
  passageEnd: number;
}

export function findStretches(scan: TextScan): Stretches {
  const next = {
    runStart: NOWHERE,
    runEnd: NOWHERE,
    escapeStart: NOWHERE,
    escapeEnd: NOWHERE,
    passageEnd: passageEnd(scan),
  };
  if (scan.plan.empty || isUndressed(scan)) return next;
  findRun(scan, next);
  findEscape(scan, next);
  return next;
}

/** Behind a disguise nobody encodes once more. */
function isUndressed({ depth, passageFrom }: TextScan): boolean {
  return depth > 0 && passageFrom === NO_PASSAGE;
}

function findRun(scan: TextScan, next: Stretches): void {
  const { text, ended } = scan;
  const start = nextRun(text, scan.runFrom);
  next.runStart = start < 0 ? NOWHERE : start;
  next.runEnd = NOWHERE;
  if (start < 0) return;
  const end = runEnd(text, start, scan.runSeen);
  const open = end === text.length && !ended && !isPiece(text, start, end);
  scan.runFrom = start;
  scan.runSeen = open ? end : 0;
  if (!open) next.runEnd = end;
}

function findEscape(scan: TextScan, next: Stretches): void {
  const start = nextEscape(scan.text, scan.escapeFrom);
  next.escapeStart = start < 0 ? NOWHERE : start;
  next.escapeEnd = NOWHERE;
  if (start < 0) return;
  scan.escapeFrom = start;
  next.escapeEnd = stretchEnd(scan.text, start, scan.ended) ?? NOWHERE;
}

/** Where the next stretch is to be judged: its end, or the cursor if that has jumped past it. */
export function nextStretch(scan: TextScan, next: Stretches): number {
  const end = Math.min(next.runEnd, next.escapeEnd, next.passageEnd);
  return end === NOWHERE ? NOWHERE : Math.max(end, scan.cursor);
}

/** Up to where text may leave: stretches that were begun are decided as a whole. */
export function heldBy({ plan, passageFrom, ended }: TextScan, next: Stretches): number {
  // What a passage hides is taken out as a whole.
  const passage = plan.redactsInjection && !ended ? passageFrom : NOWHERE;
  return Math.min(next.runStart, next.escapeStart, passage);
}

/** Nothing before `limit` needs another look for stretches. */
export function settleStretches(scan: TextScan, next: Stretches, limit: number): void {
  const { text } = scan;
  if (next.runStart === NOWHERE) {
    scan.runFrom = Math.max(scan.runFrom, Math.min(limit, openRun(text, scan.runFrom)));
  }
  if (next.escapeStart === NOWHERE) {
    scan.escapeFrom = Math.max(scan.escapeFrom, Math.min(limit, openEscape(text, scan.escapeFrom)));
  }
}

/** Where a stretch may begin that the end of the text so far cuts short. */
export function openStretch(scan: TextScan): number {
  if (scan.plan.empty) return scan.text.length;
  return Math.min(openRun(scan.text, scan.runFrom), openEscape(scan.text, scan.escapeFrom));
}

export function judgeStretch(scan: TextScan, next: Stretches, look: Look): void {
  if (next.runEnd <= Math.min(next.escapeEnd, next.passageEnd)) {
    judgeRun(scan, next, look);
    findRun(scan, next);
  } else if (next.escapeEnd <= next.passageEnd) {
    judgeEscapes(scan, next, look);
    findEscape(scan, next);
  } else {
    judgePassage(scan, next.passageEnd, look);
    next.passageEnd = passageEnd(scan);
  }
}

function judgeRun(scan: TextScan, { runStart: start, runEnd: end }: Stretches, look: Look): void {
  const { text } = scan;
  scan.runFrom = isPiece(text, start, end) ? end - RUN_OVERLAP : end;
  if (end <= scan.floor) return;
  if (scan.depth === 0) payInner(scan);
  const units = end - start;
  if (!affordRun(scan.budget, units)) {
    scan.capped ??= "too_costly";
    return;
  }
  const room = { bytes: innerRoom(scan.budget, units), opened: 0 };
  const outermost = decodeRun(text, start, end, room);
  const read = outermost === undefined ? undefined : decodeAll(scan, outermost, room);
  payOpened(scan.budget, room.opened);
  if (read === undefined) return;
  if (read.names.includes("gzip")) grantInflated(scan.budget, units);
  if (read.cut) scan.capped ??= "too_costly";
  const inner = lookInside(scan, read, look);
  if (inner === undefined) return;
  report(scan, inner, read.names, () => ({ start, end }));
  const [edit] = inner.edits;
  if (scan.blocked !== undefined || edit === undefined) return;
  scan.cursor = Math.max(
    scan.cursor,
    redact(scan, Math.max(start, scan.floor), end, edit.replacement),
  );
}

/**
 * What such a run says in the end: digits of digits, and escapes in digits, are taken off at once, for
 * what stands between says nothing that the last of them does not.
 */
function decodeAll(scan: TextScan, outermost: Readable, room: Room): DecodedRun {
  const { plan, depth, budget } = scan;
  let { text, cut, layers: names } = outermost;
  let layers = 1;
  let isOpaque = false;
  for (; depth + layers < LAYERS_MAX; layers += 1) {
    const mayEscape = depth + layers + 1 < LAYERS_MAX && nextEscape(text, 0) >= 0;
    const isRun = isOneRun(text);
    let next: Readable | undefined;
    if (isRun) next = decodeRun(text, 0, text.length, room);
    else if (mayEscape && affordEscapes(budget, text.length)) next = unescapeEach(text);
    isOpaque = isRun && next === undefined;
    if (next === undefined) break;
    ({ text } = next);
    names = [...names, ...next.layers];
    cut ||= next.cut;
  }
  return { text, plan, layers, names, cut, isOpaque };
}

interface DecodedRun extends InnerText {
  readonly names: Readable["layers"];
  readonly cut: boolean;
}

/** Undefined: there are no escapes in it. */
function unescapeEach(text: string): Readable | undefined {
  let plain = "";
  let kept = 0;
  let layer = "";
  for (let at = nextEscape(text, 0); at >= 0; at = nextEscape(text, kept)) {
    const end = stretchEnd(text, at, true) ?? text.length;
    const piece = unescape(text, at, end);
    ({ layer } = piece);
    plain += text.slice(kept, at) + piece.text;
    kept = end;
  }
  return kept === 0 ? undefined : { text: plain + text.slice(kept), layers: [layer], cut: false };
}

/** Longer than a key, which is looked at as it is. */
const DIGITS_MIN = 128;

function isOneRun(text: string): boolean {
  if (text.length < DIGITS_MIN) return false;
  return runEnd(text, 0, 0) === text.length && !isPiece(text, 0, text.length);
}

function judgeEscapes(
  scan: TextScan,
  { escapeStart, escapeEnd: end }: Stretches,
  look: Look,
): void {
  const { text } = scan;
  scan.escapeFrom = end;
  if (end <= scan.floor) return;
  if (scan.depth === 0) payInner(scan);
  if (!affordEscapes(scan.budget, end - escapeStart)) {
    scan.capped ??= "too_costly";
    return;
  }
  const start = wordStart(text, escapeStart);
  const tail = tailEnd(text, escapeStart, end);
  const layers = unescapeAll(text, start, tail, LAYERS_MAX - 1 - scan.depth);
  const { plan } = scan;
  const plain = { text: layers.at(-1)?.text ?? "", plan, layers: layers.length };
  const inner = lookInside(scan, plain, look);
  if (inner === undefined) return;
  const maps = isClean(inner) ? [] : mapsOf(layers);
  const place = (offset: number): number => {
    const at = maps.reduceRight((place, map) => toOriginal(map, place), offset);
    return Math.min(end, Math.max(escapeStart, start + at));
  };
  const names = layers.map(({ layer }) => layer);
  report(scan, inner, names, (finding) => ({
    start: place(finding.start),
    end: place(finding.end),
  }));
  if (scan.blocked !== undefined) return;
  for (const edit of inner.edits) {
    const from = Math.max(place(edit.start), scan.floor);
    const to = place(edit.end);
    if (to > from) scan.cursor = Math.max(scan.cursor, redact(scan, from, to, edit.replacement));
  }
}

/**
 * Escapes of escapes (`%2520`) at once: what stands between is no more than the last of them says. The
 * last layer is left for what else stands there.
 */
function unescapeAll(text: string, start: number, end: number, most: number): readonly Layer[] {
  const layers: Layer[] = [];
  let escaped = { of: text, start, end };
  do {
    const { text: plain, layer } = unescape(escaped.of, escaped.start, escaped.end);
    layers.push({ text: plain, layer, escaped });
    escaped = { of: plain, start: 0, end: plain.length };
  } while (layers.length < most && nextEscape(escaped.of, 0) >= 0);
  return layers;
}

interface Layer extends Unescaped {
  readonly escaped: { readonly of: string; readonly start: number; readonly end: number };
}

function isClean({ findings, edits, blocked }: TextScan): boolean {
  return findings.length === 0 && edits.length === 0 && blocked === undefined;
}

function mapsOf(layers: readonly Layer[]): readonly OffsetMap[] {
  return layers.map(({ escaped: { of, start, end } }) => escapesMap(of, start, end));
}
