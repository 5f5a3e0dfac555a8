/**
 * The scanner's engine. Candidates are judged strictly in order of their place, each on at most
 * `HOLD_MAX` units, so the verdict does not depend on how the text was cut into pieces.
 */
import { readUpTo } from "./classifier/classifier.ts";
import { classifyStep, heldByLane, laneStart, nextStep } from "./classifier/judge-window.ts";
import { anchorTail } from "./anchor-tail.ts";
import { nextAnchor } from "./find-anchor.ts";
import { mailStart } from "./detectors/pii-email.ts";
import { failureFinding, nameOfFailure } from "./finding-of-failure.ts";
import { fold, forget, toOriginal } from "./fold.ts";
import { guarded } from "./guarded-look.ts";
import { payInner, type InnerText } from "./layers/inner-look.ts";
import { judge } from "./judge.ts";
import {
  findStretches,
  heldBy,
  judgeStretch,
  nextStretch,
  openStretch,
  settleStretches,
} from "./layers/peel.ts";
import { NO_PASSAGE } from "./layers/passages.ts";
import type { Interest } from "./quick-look.ts";
import { afford, grant, isInnerSpent, payReading } from "./scan-budget.ts";
import { LOOK_BACK, MORE } from "./signature.ts";
import { openScan, originalAt, type TextScan } from "./text-scan.ts";
import { isAscii } from "./text-units.ts";

/** Past any string, and a small integer: as a double it would slow every index it meets. */
const NOWHERE = 0x3fffffff;

export function feed(scan: TextScan, piece: string): void {
  if (scan.blocked !== undefined || scan.ended || piece === "") return;
  let text = scan.surrogate === "" ? piece : scan.surrogate + piece;
  scan.surrogate = "";
  const last = text.charCodeAt(text.length - 1);
  if (last >= 0xd800 && last < 0xdc00) {
    scan.surrogate = text.slice(-1);
    text = text.slice(0, -1);
  }
  takeIn(scan, text);
  advance(scan);
}

/** Scans a complete text in one go. `from`: before these places a quick look has found nothing. */
export function scanWhole(scan: TextScan, text: string, from: Interest): void {
  scan.cursor = from.at;
  scan.runFrom = from.run;
  scan.escapeFrom = from.escape;
  takeIn(scan, text);
  scan.ended = true;
  advance(scan);
  if (scan.depth === 0) payInner(scan);
}

export function finish(scan: TextScan): void {
  if (scan.blocked !== undefined || scan.ended) return;
  takeIn(scan, scan.surrogate);
  scan.surrogate = "";
  scan.ended = true;
  advance(scan);
  payInner(scan);
}

function takeIn(scan: TextScan, text: string): void {
  drop(scan);
  const folded = fold(text, scan.base + scan.text.length, scan.map);
  if (scan.written !== "") scan.written += text;
  else if (folded !== text) {
    scan.written = scan.text + text;
    scan.writtenFrom = scan.base;
  }
  scan.text = scan.text === "" ? folded : scan.text + folded;
  scan.taken += text.length;
  payReading(scan.budget, text.length, scan.depth > 0 && !isAscii(text));
  if (scan.depth === 0) grant(scan.budget, text.length);
}

/** Lets go of text that no match can reach back to. */
function drop(scan: TextScan): void {
  const lanes = Math.min(scan.runFrom, scan.escapeFrom, scan.passageFrom, laneStart(scan));
  const by = Math.min(scan.released, scan.cursor, lanes) - LOOK_BACK;
  if (by <= 0) return;
  if (scan.written !== "") {
    const from = toOriginal(scan.map, scan.base + by);
    scan.written = scan.written.slice(from - scan.writtenFrom);
    scan.writtenFrom = from;
  }
  scan.text = scan.text.slice(by);
  scan.base += by;
  scan.cursor -= by;
  scan.released -= by;
  scan.begun -= by;
  scan.floor -= by;
  scan.runFrom -= by;
  scan.escapeFrom -= by;
  if (scan.passageFrom !== NO_PASSAGE) scan.passageFrom -= by;
  scan.runSeen = Math.max(0, scan.runSeen - by);
  forget(scan.map, scan.base);
}

/** A detector that fails has looked at nothing: the text is blocked, and the record says why. */
function advance(scan: TextScan): void {
  try {
    guarded(judgeAll, scan);
  } catch (error) {
    scan.blocked = failureFinding(scan.plan, scan.part, nameOfFailure(error));
    scan.findings.push(scan.blocked);
  }
}

function judgeAll(scan: TextScan): void {
  const { text, plan } = scan;
  const literalsTail = scan.ended ? text.length : literalTail(scan);
  const stretches = findStretches(scan);
  // One past the end of a complete text, so that a stretch which ends there is judged as well.
  const limit = scan.ended
    ? text.length + 1
    : Math.min(literalsTail, text.length - (plan.empty ? 0 : 2));
  const literals = scan.literals.length === 0 ? NONE : scan.literals.map(() => -1);
  let mail = plan.email ? -1 : NOWHERE;
  let anchor = plan.anchors.empty ? NOWHERE : -1;
  let waits = false;
  if (scan.labelled.length > 0 && scan.cursor === 0) anchor = 0;
  while (scan.blocked === undefined) {
    if (!afford(scan.budget, STEP_WORK)) {
      giveUp(scan);
      break;
    }
    swallow(scan);
    const from = scan.cursor;
    if (anchor < from) anchor = found(nextAnchor(plan.anchors, text, from));
    if (mail < from) mail = found(text.indexOf("@", from));
    const stretch = nextStretch(scan, stretches);
    const literal = nextLiteral(scan, literals, from);
    const at = Math.min(anchor, mail, literal, stretch);
    const step = nextStep(scan);
    if (step <= at && step < limit) {
      classifyStep(scan, step);
      continue;
    }
    if (at >= limit) break;
    scan.cursor = at;
    if (at === stretch) {
      judgeStretch(scan, stretches, lookInside);
      continue;
    }
    // Before the nearest candidate of another kind there can only be anchors.
    const nearest = at === anchor ? Math.min(mail, literal, stretch, step, limit) : at;
    const next = nearest > at ? judgeAnchors(scan, at, nearest) : judge(scan, at);
    waits = next === MORE;
    if (next === MORE) break;
    if (nearest > at) anchor = next;
    else scan.cursor = next;
  }
  const held = Math.min(
    literalsTail,
    Math.max(Math.min(heldBy(scan, stretches), heldByLane(scan)), scan.floor),
  );
  const isOpen = waits || scan.blocked !== undefined;
  scan.begun = Math.max(scan.floor, isOpen ? Math.min(scan.cursor, literalsTail) : literalsTail);
  if (isOpen) return release(scan, Math.min(scan.cursor, held));
  scan.cursor = Math.max(scan.cursor, Math.min(limit, text.length));
  if (!scan.ended) settleStretches(scan, stretches, scan.cursor);
  const open = plan.rewrites && !scan.ended ? openStretch(scan) : text.length;
  // A redaction may have taken in what looked like the beginning of something else.
  release(scan, Math.max(scan.floor, Math.min(held, mail, openAnchor(scan), open)));
}

/**
 * Judges the anchor at `at` and those behind it before `nearest`, as long as nothing is found. The
 * next anchor; -1 where it is still to be looked for.
 */
function judgeAnchors(scan: TextScan, at: number, nearest: number): number | typeof MORE {
  const { text, plan, budget } = scan;
  let anchor = at;
  do {
    scan.cursor = anchor;
    const next = judge(scan, anchor);
    if (next === MORE) return MORE;
    scan.cursor = next;
    if (next !== anchor + 1 || scan.blocked !== undefined) return -1;
    anchor = found(nextAnchor(plan.anchors, text, next));
  } while (anchor < nearest && afford(budget, STEP_WORK));
  return anchor;
}

/**
 * Scans a text that was decoded from this one. Another plan than the scan's own means that it was
 * disguised, not encoded: disguises are looked through once, not inside one another.
 */
function lookInside(scan: TextScan, decoded: InnerText, from: Interest): TextScan {
  const { text, plan, layers, isOpaque } = decoded;
  const { withheld, part, budget, depth, lane } = scan;
  if (lane !== undefined) readUpTo(lane, scan.text, scan.base, scan.cursor);
  const inner = openScan(plan, withheld, part, budget, depth + layers);
  if (plan !== scan.plan) inner.passageFrom = NO_PASSAGE;
  inner.talk = lane?.reader.setting.talk ?? scan.talk;
  scanWhole(inner, text, isOpaque === true ? { ...from, run: text.length } : from);
  return inner;
}

/** Counted for each search for the next candidate. */
const STEP_WORK = 1;
const NONE: number[] = [];
const TOO_MUCH_WORK = "too-much-work";

/**
 * The budget is used up. Where decoded text alone was too dear, it is left unread and the record
 * says so; where the text itself was, it is blocked.
 */
function giveUp(scan: TextScan): void {
  if (isInnerSpent(scan.budget)) {
    scan.capped ??= "too_costly";
    return;
  }
  scan.blocked = failureFinding(scan.plan, scan.part, TOO_MUCH_WORK);
  scan.findings.push(scan.blocked);
}

function found(at: number): number {
  return at < 0 ? NOWHERE : at;
}

/** The next literal; `known` remembers where each stands, so the search stays linear. */
function nextLiteral(scan: TextScan, known: number[], from: number): number {
  let nearest = NOWHERE;
  for (let i = 0; i < known.length; i += 1) {
    let at = known[i] ?? NOWHERE;
    if (at < from) at = known[i] = found(scan.text.indexOf(scan.literals[i] ?? "", from));
    if (at < nearest) nearest = at;
  }
  return nearest;
}

function openAnchor(scan: TextScan): number {
  if (scan.ended || !scan.plan.rewrites) return scan.text.length;
  return anchorTail(scan.plan.anchors, scan.text, Math.max(scan.cursor, 0));
}

/** Where the text ends with the beginning of a literal that may go on; its length if nowhere. */
function literalTail(scan: TextScan): number {
  const { text } = scan;
  let nearest = text.length;
  for (const literal of scan.literals) {
    const head = literal.charAt(0);
    let at = Math.max(scan.cursor, text.length - literal.length + 1);
    for (at = text.indexOf(head, at); at >= 0 && at < nearest; at = text.indexOf(head, at + 1)) {
      if (literal.startsWith(text.slice(at))) nearest = at;
    }
  }
  return nearest;
}

/** `released` only grows. A word in which a match may have begun is kept back. */
function release(scan: TextScan, upTo: number): void {
  const { plan, text } = scan;
  const wary = plan.holdsWords && plan.rewrites && !(scan.ended && scan.blocked === undefined);
  const at = wary ? mailStart(text, Math.min(upTo, text.length), scan.floor) : upTo;
  scan.released = Math.max(scan.released, Math.min(at, text.length));
}

/** Goes on with a redaction whose text reached past its window. */
function swallow(scan: TextScan): void {
  const goesOn = scan.swallow;
  if (goesOn === undefined) return;
  const { text } = scan;
  let at = scan.cursor;
  while (at < text.length && goesOn(text.charCodeAt(at), text.charCodeAt(at - 1))) at += 1;
  if (at < text.length || scan.ended) scan.swallow = undefined;
  const last = scan.edits.at(-1);
  if (last === undefined) return;
  // Also where nothing follows: what was folded away behind it belongs to it.
  scan.edits[scan.edits.length - 1] = { ...last, end: originalAt(scan, at) };
  scan.cursor = at;
  scan.floor = at;
}
