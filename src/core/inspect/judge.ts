import { placeholder } from "./placeholder.ts";
import { signatureFeature } from "./classifier/token-features.ts";
import { anchoredAt } from "./find-anchor.ts";
import { FINDINGS_MAX, type Finding } from "./finding.ts";
import type { InspectionRule } from "./inspection.ts";
import { emailAt, EMAIL_DETECTOR, mailStart } from "./detectors/pii-email.ts";
import { INJECTION_DETECTOR } from "./detectors/injection.ts";
import { leaning, strengthened } from "./strengthened.ts";
import { marksOf, ruleFor } from "./scan-plan.ts";
import {
  afford,
  ASK_WORK,
  CANDIDATE_WORK,
  HIT_WORK,
  INJECTION_HIT_WORK,
  payPlain,
} from "./scan-budget.ts";
import { HOLD_MAX, MORE, type Hit, type View } from "./signature.ts";
import { shownPlace } from "./shown-place.ts";
import { originalAt, type TextScan } from "./text-scan.ts";

const WITHHELD_PLACEHOLDER = "[withheld]";
const AT_SIGN = 0x40;

/** What one candidate comes to: of its hits the one with the strictest rule, then the longest. */
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

/** An alias where the whole value is known; what the agent itself sent it may see again. */
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
  let work = CANDIDATE_WORK;
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
    for (const signature of anchored) {
      if (only !== undefined && signature.detector !== only) continue;
      work += ASK_WORK;
      const outcome = signature.match(view, at);
      if (outcome === MORE) waits = true;
      else if (outcome !== undefined) {
        const isInjection = signature.detector === INJECTION_DETECTOR;
        work += isInjection ? INJECTION_HIT_WORK : HIT_WORK;
        best = stricter(best, scan, signature.detector, outcome);
        if (isInjection && outcome.score > (injection?.score ?? 0)) injection = outcome;
      }
    }
  }
  work += scan.intricate.work;
  scan.intricate.work = 0;
  afford(scan.budget, work);
  if (waits && !view.final) return MORE;
  // Not for one that waits: how often it is judged again depends on how the text was cut.
  payPlain(scan.budget, work);
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

/** Tells the classifier of the hit: it weighs signatures with everything else. */
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

function findingOf(scan: TextScan, { detector, hit, score, rule }: Catch): Finding {
  return {
    detector,
    signature: hit.signature,
    rule: rule.id,
    score,
    confidence: hit.confidence,
    part: shownPlace(scan.part),
    start: originalAt(scan, hit.start),
    end: originalAt(scan, hit.end),
    action: rule.action,
    ...marksOf(scan.plan, detector, score),
  };
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
