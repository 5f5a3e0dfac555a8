/** Lets the classifier go over the text of a scan, in step with the signatures. */
import { redact } from "../judge.ts";
import { placeholder } from "../placeholder.ts";
import { INJECTION_DETECTOR } from "../detectors/injection.ts";
import { FINDINGS_MAX, type Finding } from "../finding.ts";
import { ruleFor } from "../scan-plan.ts";
import { leaning } from "../strengthened.ts";
import { shownPlace } from "../shown-place.ts";
import { originalAt, type TextScan } from "../text-scan.ts";
import {
  CLASSIFIED_STEP,
  classify,
  clearWindow,
  endLane,
  openLane,
  reopenLane,
  scoreOf,
  sumOf,
  windowOrigin,
  windowStart,
  type Lane,
} from "./classifier.ts";

/** From this score on the window is held back until it is decided. */
const SUSPICION = 30;
const SUSPICIOUS = sumOf(SUSPICION);
const NOWHERE = 0x3fffffff;
const SIGNATURE = "classifier";

/** Index at which the next step is due; `NOWHERE`: not before more text comes. */
export function nextStep(scan: TextScan): number {
  const { plan, text, base } = scan;
  if (plan.classifies === Infinity) return NOWHERE;
  scan.lane ??= laneOf(scan);
  const { at } = scan.lane;
  const step = at - (at % CLASSIFIED_STEP) + CLASSIFIED_STEP - base;
  if (step <= text.length) return step;
  return scan.ended && at < base + text.length ? text.length : NOWHERE;
}

/** By depth: complete texts are looked at one after the other, each inside the one before. */
const wholeLanes: (Lane | undefined)[] = [];

function laneOf(scan: TextScan): Lane {
  const report = (end: number): void => exceed(scan, end);
  const { classifies } = scan.plan;
  const lane = scan.ended ? wholeLanes[scan.depth] : undefined;
  const made = lane ?? openLane(classifies, scan.map, report);
  if (lane !== undefined) reopenLane(lane, classifies, scan.map, report);
  else if (scan.ended) wholeLanes[scan.depth] = made;
  made.reader.setting.talk = scan.talk;
  return made;
}

export function classifyStep(scan: TextScan, to: number): void {
  const { lane, text, base } = scan;
  if (lane === undefined) return;
  classify(lane, text, base, to);
  if (scan.ended && to === text.length) endLane(lane);
  if (lane.sum < lane.threshold) scan.episode = -1;
}

/** What the lane has still to read, or may still take out: text before it may go. */
export function laneStart({ lane, plan, base }: TextScan): number {
  if (plan.classifies === Infinity) return NOWHERE;
  return lane === undefined ? -base : lane.at - base;
}

/** Up to where text may leave: a window that looks like an attack is held. */
export function heldByLane({ lane, plan, base, ended }: TextScan): number {
  if (lane === undefined || ended) return NOWHERE;
  // What is doubted waits for an opinion on how it goes on.
  const suspicious = plan.opinions === undefined ? SUSPICIOUS : plan.classifies;
  if (plan.redactsInjection || lane.sum >= suspicious) return windowStart(lane) - base;
  return NOWHERE;
}

function exceed(scan: TextScan, end: number): void {
  const { lane, plan } = scan;
  if (lane === undefined || scan.blocked !== undefined) return;
  const score = leaning(scan, scoreOf(lane.sum));
  const known = scan.findings[scan.episode];
  if (known !== undefined && score <= known.score) return;
  const rule = ruleFor(plan, INJECTION_DETECTOR, score, { signature: SIGNATURE, part: scan.part });
  if (rule === undefined) return;
  const finding: Finding = {
    detector: INJECTION_DETECTOR,
    signature: SIGNATURE,
    rule: rule.id,
    score,
    confidence: score / 100,
    part: shownPlace(scan.part),
    start: known?.start ?? windowOrigin(lane),
    end: originalAt(scan, end - scan.base),
    action: rule.action,
  };
  keep(scan, finding);
  if (finding.action === "block") scan.blocked = finding;
  if (finding.action === "redact") takeOut(scan, lane, end);
}

function keep(scan: TextScan, finding: Finding): void {
  if (scan.episode >= 0) scan.findings[scan.episode] = finding;
  else if (scan.findings.length < FINDINGS_MAX) {
    scan.episode = scan.findings.length;
    scan.findings.push(finding);
  }
}

function takeOut(scan: TextScan, lane: Lane, end: number): void {
  const from = Math.max(windowStart(lane) - scan.base, scan.floor, scan.released);
  const to = end - scan.base;
  clearWindow(lane);
  scan.episode = -1;
  if (to > from) redact(scan, from, to, placeholder(INJECTION_DETECTOR));
}
