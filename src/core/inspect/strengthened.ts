/**
 * The score of an injection hit in its surroundings: higher beside other hits, lower where the words
 * are quoted, reported or shown as an example.
 */
import { readUpTo } from "./classifier/classifier.ts";
import { isExample, isShown } from "./classifier/token-setting.ts";
import { INJECTION_DETECTOR } from "./detectors/injection.ts";
import { FINDINGS_MAX } from "./finding.ts";
import type { InspectionRule } from "./inspection.ts";
import { isReported } from "./reported-speech.ts";
import type { Hit } from "./signature.ts";
import type { Signal, TextScan } from "./text-scan.ts";
import { isWordUnit } from "./text-units.ts";

/** Hits this far apart (folded units) no longer strengthen each other. */
const SIGNAL_REACH = 300;
const SIGNALS_MAX = 8;
const SCORE_MAX = 100;

/** The score, after a second opinion on the text where there is one. */
export function leaning({ lean }: TextScan, score: number): number {
  return lean === 0 ? score : Math.max(0, Math.min(SCORE_MAX, score + lean));
}

/** What is left of a score where words are only shown: text about attacks shows them. */
const MENTION_SHARE = 0.6;
/** The same where they are quoted, and the text leads to the quotation or is about attacks. */
const EXAMPLE_SHARE = 0.4;
/**
 * A quotation that opened further back is over, or none; what it opens is told by so much before it.
 * Together less than `LOOK_BACK`, or the verdict would depend on where the text was cut.
 */
const QUOTED_UNITS_MAX = 40;
const LEAD_UNITS = 24;
/** A member of a document, not a sentence: `"content": `, `content: ` at the beginning of a line. */
const MEMBER = /(?:["']\s*|(?:^|\n)[\s-]*[\w.-]+):$/;

/** How much of its score counts: the classifier reads up to here and knows what the text is about. */
function shareOf({ lane, text, base }: TextScan, { start, end }: Hit): number {
  const isTold = isMention(text, start) || isReported(text, start, end);
  if (lane === undefined) return isTold ? MENTION_SHARE : 1;
  readUpTo(lane, text, base, start);
  const { setting } = lane.reader;
  if (isExample(setting, base + start)) return EXAMPLE_SHARE;
  return isTold || isShown(setting) ? MENTION_SHARE : 1;
}

/** The words stand in a quotation that is not the value of a member. */
function isMention(text: string, start: number): boolean {
  const least = Math.max(0, start - QUOTED_UNITS_MAX);
  for (let i = start - 1; i >= least; i -= 1) {
    const unit = text.charCodeAt(i);
    if (unit === NEWLINE) return false;
    const opens = unit === CORNER || unit === WHITE_CORNER;
    if (!opens && !isQuote(unit)) continue;
    if (!opens && i > 0 && isWordUnit(text.charCodeAt(i - 1))) {
      // Behind a word it closes, unless it is an apostrophe.
      if (unit === APOSTROPHE) continue;
      return false;
    }
    const before = text.slice(Math.max(0, i - LEAD_UNITS), i).trimEnd();
    return before !== "" && !before.endsWith("\\") && !MEMBER.test(before);
  }
  return false;
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKTICK = 0x60;
/** Quotations in Japanese and Chinese: 「 and 『. */
const CORNER = 0x300c;
const WHITE_CORNER = 0x300e;

/** Folded text has no other quotes. */
function isQuote(unit: number): boolean {
  return unit === QUOTE || unit === APOSTROPHE || unit === BACKTICK;
}

/**
 * Different signatures near each other: the chance that all of them are innocent. Examples stand
 * beside each other, so what is only shown is strengthened by its own line and quotation alone.
 */
export function strengthened(scan: TextScan, hit: Hit): number {
  const most = repeated(scan, hit);
  if (most !== undefined && leaning(scan, most) < leastScore(scan)) return most;
  const offset = scan.base + hit.start;
  const share = shareOf(scan, hit);
  const shown = share < 1;
  const own = hit.score * share;
  let innocent = 1 - own / 100;
  const edge = shown ? lastEdge(scan, hit) : -1;
  let known: Signal | undefined;
  for (const signal of scan.signals) {
    if (offset - signal.offset > SIGNAL_REACH) continue;
    if (signal.signature === hit.signature) known = signal;
    else if (!signal.shown || signal.offset >= edge) innocent *= 1 - signal.score / 100;
  }
  if (known === undefined || known.score < own) {
    remember(scan.signals, { signature: hit.signature, offset, score: own, shown });
  }
  return Math.round(100 * (1 - innocent));
}

/** What a sign that was there a moment ago comes to at most; whether it is shown tells the rest. */
function repeated({ base, signals }: TextScan, { start, score, signature }: Hit) {
  const offset = base + start;
  let isKnown = false;
  let innocent = 1 - score / 100;
  for (const signal of signals) {
    if (offset - signal.offset > SIGNAL_REACH) continue;
    if (signal.signature !== signature) innocent *= 1 - signal.score / 100;
    else if (signal.score >= score) isKnown = true;
  }
  return isKnown ? Math.round(100 * (1 - innocent)) : undefined;
}

/** From which some rule acts: where no more findings are kept, one that only reports does not. */
function leastScore({ plan, findings }: TextScan): number {
  let least = SCORE_MAX;
  const isFull = findings.length >= FINDINGS_MAX;
  for (const { scoreMin, action } of plan.rules.get(INJECTION_DETECTOR) ?? NO_RULES) {
    if (!isFull || action !== "report") least = Math.min(least, scoreMin);
  }
  return least;
}

const NO_RULES: readonly InspectionRule[] = [];

/** In place of what it was found as before; what stands too far back is forgotten. */
function remember(signals: Signal[], signal: Signal): void {
  let kept = 0;
  for (const one of signals) {
    if (one.signature === signal.signature || signal.offset - one.offset > SIGNAL_REACH) continue;
    signals[kept] = one;
    kept += 1;
  }
  signals.length = kept;
  if (kept === SIGNALS_MAX) signals.shift();
  signals.push(signal);
}

/** Behind the last line or quotation that ends before the hit does, as an offset. */
function lastEdge({ text, base }: TextScan, { end }: Hit): number {
  const least = Math.max(0, end - SIGNAL_REACH);
  let i = end - 1;
  while (i >= least && text.charCodeAt(i) !== NEWLINE && !isQuote(text.charCodeAt(i))) i -= 1;
  return base + i + 1;
}
