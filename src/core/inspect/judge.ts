import { signatureFeature } from "./classifier/token-features.ts";
import { readUpTo } from "./classifier/classifier.ts";
import { isShown } from "./classifier/token-setting.ts";
import { anchoredAt } from "./find-anchor.ts";
import type { Finding } from "./finding.ts";
import type { InspectionRule } from "./inspection.ts";
import { emailAt, EMAIL_DETECTOR, mailStart } from "./detectors/pii-email.ts";
import { INJECTION_DETECTOR } from "./detectors/injection.ts";
import { isReported } from "./reported-speech.ts";
import { marksOf, ruleFor } from "./scan-plan.ts";
import { afford } from "./scan-budget.ts";
import { HOLD_MAX, MORE, type Hit, type View } from "./signature.ts";
import { originalAt, type Signal, type TextScan } from "./text-scan.ts";
import { isWordUnit } from "./text-units.ts";

/** Findings kept per part; edits and blocks go on beyond it. */
export const FINDINGS_MAX = 64;
/** Hits this far apart (folded units) no longer strengthen each other. */
const SIGNAL_REACH = 300;
const SIGNALS_MAX = 8;

const WITHHELD_PLACEHOLDER = "[withheld]";
const SCORE_MAX = 100;
const AT_SIGN = 0x40;

/** What one candidate leads to: the strictest rule, and among equals the longest hit. */
interface Catch {
  readonly detector: string;
  readonly hit: Hit;
  readonly score: number;
  readonly rule: InspectionRule;
}

const RANK: Record<Finding["action"], number> = { block: 2, redact: 1, report: 0 };

/** Decides the candidate at `at`: the index to go on from, or `MORE`. */
export function judge(scan: TextScan, at: number): number | typeof MORE {
  const literal = scan.literals.length === 0 ? "" : longestAt(scan, at);
  if (literal !== "") {
    const replacement = scan.plan.restored.get(literal) ?? WITHHELD_PLACEHOLDER;
    return redact(scan, at, at + literal.length, replacement);
  }

  const caught = catchAt(scan, at);
  if (caught === MORE) return MORE;
  if (caught === undefined) return at + 1;
  const isFull = scan.findings.length >= FINDINGS_MAX;
  if (isFull && caught.rule.action === "report") return at + 1;

  const finding = findingOf(scan, caught);
  if (!isFull) scan.findings.push(finding);
  switch (finding.action) {
    case "block":
      scan.blocked = finding;
      return at;
    case "redact": {
      scan.swallow = caught.hit.more;
      const start = Math.max(caught.hit.start, scan.floor);
      const end = Math.max(caught.hit.end, at + 1);
      return redact(scan, start, end, insteadOf(scan, caught, scan.text.slice(start, end)));
    }
    case "report":
      return at + 1;
  }
}

/** A name where the value is known whole; what the agent itself sent may come back to it. */
function insteadOf(
  { plan, depth }: TextScan,
  { detector, hit, rule }: Catch,
  value: string,
): string {
  if (plan.aliases === undefined || depth > 0 || hit.more !== undefined)
    return placeholder(detector);
  const name = plan.aliases.nameOf(detector, value, rule.restores === true);
  if (name === undefined) return placeholder(detector);
  return plan.restored.get(name) ?? name;
}

function catchAt(scan: TextScan, at: number): Catch | typeof MORE | undefined {
  const { text } = scan;
  const view = viewAt(scan, at);
  let best: Catch | undefined;
  let injection: Hit | undefined;
  let waits = false;
  if (at === 0 && scan.base === 0) {
    for (const { detector, match } of scan.labelled) {
      const hit = match(text);
      if (hit !== undefined) best = stricter(best, scan, detector, hit);
    }
  }
  if (scan.plan.email && text.charCodeAt(at) === AT_SIGN) {
    const outcome = emailAt(view, at, mailStart(text, at, scan.floor));
    if (outcome === MORE) waits = true;
    else if (outcome !== undefined) best = stricter(best, scan, EMAIL_DETECTOR, outcome);
  }
  if (at + 2 < text.length) {
    const anchored = anchoredAt(scan.plan.anchors, text, at);
    const { only } = scan.plan;
    let asked = 0;
    for (const signature of anchored) {
      if (only !== undefined && signature.detector !== only) continue;
      asked += 1;
      const outcome = signature.match(view, at);
      if (outcome === MORE) waits = true;
      else if (outcome !== undefined) {
        best = stricter(best, scan, signature.detector, outcome);
        const isStronger = outcome.score > (injection?.score ?? 0);
        if (signature.detector === INJECTION_DETECTOR && isStronger) injection = outcome;
      }
    }
    afford(scan.budget, asked);
  }
  if (waits && !view.final) return MORE;
  if (injection !== undefined) noteHit(scan, injection);
  return best;
}

function viewAt(scan: TextScan, at: number): View {
  const { text, label, plan, window } = scan;
  const stop = Math.min(text.length, at + HOLD_MAX);
  const final = scan.ended || at + HOLD_MAX <= text.length;
  if (window === undefined) {
    const { lists, leaves } = plan;
    return (scan.window = { text, stop, final, label, original: scan, lists, leaves });
  }
  window.text = text;
  window.stop = stop;
  window.final = final;
  return window;
}

/** The classifier weighs what signatures say with all the rest. */
function noteHit({ lane, base }: TextScan, { start, signature }: Hit): void {
  lane?.hits.push({ offset: base + start, feature: signatureFeature(signature) });
}

function stricter(
  best: Catch | undefined,
  scan: TextScan,
  detector: string,
  hit: Hit,
): Catch | undefined {
  const score =
    detector === INJECTION_DETECTOR ? leaning(scan, strengthened(scan, hit)) : hit.score;
  const rule = ruleFor(scan.plan, detector, score, { signature: hit.signature, part: scan.part });
  if (rule === undefined) return best;
  const found = { detector, hit, score, rule };
  if (best === undefined) return found;
  const gain = RANK[rule.action] - RANK[best.rule.action] || hit.end - best.hit.end;
  return gain > 0 ? found : best;
}

/** The score, after a second opinion on the text where there is one. */
export function leaning({ lean }: TextScan, score: number): number {
  return lean === 0 ? score : Math.max(0, Math.min(SCORE_MAX, score + lean));
}

/** What is left of a score where words are only shown: text about attacks shows them. */
const MENTION_SHARE = 0.6;
/**
 * A quotation that opened further back is over, or none; what it opens is told by so much before it.
 * Together less than `LOOK_BACK`, or the verdict would depend on where the text was cut.
 */
const QUOTED_UNITS_MAX = 40;
const LEAD_UNITS = 24;
/** A member of a document, not a sentence: `"content": `, `content: ` at the beginning of a line. */
const MEMBER = /(?:["']\s*|(?:^|\n)[\s-]*[\w.-]+):$/;

/** Text about attacks shows some: the classifier reads up to here and knows. */
function isMentioned({ lane, text, base }: TextScan, { start, end }: Hit): boolean {
  if (isMention(text, start) || isReported(text, start, end)) return true;
  if (lane === undefined) return false;
  readUpTo(lane, text, base, start);
  return isShown(lane.reader.setting);
}

/** The words stand in a quotation that is not the value of a member. */
function isMention(text: string, start: number): boolean {
  const least = Math.max(0, start - QUOTED_UNITS_MAX);
  for (let i = start - 1; i >= least; i -= 1) {
    const unit = text.charCodeAt(i);
    if (unit === NEWLINE) return false;
    if (!isQuote(unit)) continue;
    if (i > 0 && isWordUnit(text.charCodeAt(i - 1))) {
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

/** Folded text has no other quotes. */
function isQuote(unit: number): boolean {
  return unit === QUOTE || unit === APOSTROPHE || unit === BACKTICK;
}

/**
 * Different signatures near each other: the chance that all of them are innocent. Examples stand
 * beside each other, so what is only shown is strengthened by its own line and quotation alone.
 */
function strengthened(scan: TextScan, hit: Hit): number {
  const offset = scan.base + hit.start;
  const shown = isMentioned(scan, hit);
  const own = shown ? hit.score * MENTION_SHARE : hit.score;
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

function findingOf(scan: TextScan, { detector, hit, score, rule }: Catch): Finding {
  return {
    detector,
    signature: hit.signature,
    rule: rule.id,
    score,
    confidence: hit.confidence,
    part: scan.part,
    start: originalAt(scan, hit.start),
    end: originalAt(scan, hit.end),
    action: rule.action,
    ...marksOf(scan.plan, detector, score),
  };
}

/** `[email]`, `[card]`, `[secret]`. */
export function placeholder(detector: string): string {
  return `[${detector.slice(detector.indexOf(".") + 1)}]`;
}

export function redact(scan: TextScan, start: number, end: number, replacement: string): number {
  const from = originalAt(scan, start);
  scan.edits.push({ start: from, end: originalAt(scan, end), replacement });
  scan.floor = end;
  return end;
}

function longestAt({ literals, text }: TextScan, at: number): string {
  let longest = "";
  for (const literal of literals) {
    if (literal.length > longest.length && text.startsWith(literal, at)) longest = literal;
  }
  return longest;
}
