/**
 * Part of stage 4: how the session behaves, beside what the request says. Only where an `inspect`
 * entry asks for it.
 */
import type { Facts } from "../core/evidence.ts";
import { blockRefusal } from "../core/inspect/block-refusal.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { marksOf, ruleFor, scanPlan } from "../core/inspect/scan-plan.ts";
import { callName, callOf } from "../core/session/call-of.ts";
import type { ConductStore, RiskLevel, Sighting } from "../core/session/conduct.ts";
import type { Instant } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";

const QUIET: Verdict<RiskLevel> = pass("LOW");

/** The session's level; what stands out in this call joins the findings. */
export function watch(
  facts: Facts,
  inspection: Inspection,
  now: Instant,
  store: ConductStore,
): Verdict<RiskLevel> {
  const { principal, action } = facts;
  if (!scanPlan(inspection).watches || principal === undefined || action === undefined)
    return QUIET;
  const { level, sightings } = store.observe(principal, callOf(action), now);
  const findings = sightings.flatMap((sighting) => findingOf(sighting, inspection) ?? []);
  if (findings.length > 0) facts.findings = [...facts.findings, ...findings];
  const blocked = findings.find((finding) => finding.action === "block");
  return blocked === undefined ? pass(level) : halt(blockRefusal("request_blocked", blocked));
}

/** Where conduct is seen: in no text. */
const CONDUCT_PART = "session";

/** Nothing can be taken out of what was done: to redact it is to block it. */
function findingOf(sighting: Sighting, inspection: Inspection): Finding | undefined {
  const plan = scanPlan(inspection);
  const { detector, signature, score } = sighting;
  const rule = ruleFor(plan, detector, score, { signature, part: CONDUCT_PART });
  if (rule === undefined) return undefined;
  return {
    detector,
    signature,
    rule: rule.id,
    score,
    confidence: score / 100,
    part: CONDUCT_PART,
    start: 0,
    end: 0,
    action: rule.action === "report" ? "report" : "block",
    ...marksOf(plan, detector, score),
  };
}

/** Too many requests, not available now, overloaded: clients try these again by themselves. */
const LATER: ReadonlySet<number> = new Set([425, 429, 503, 529]);
/** More than an answer has: status and length are one number. */
const BYTES = 2 ** 40;
const NOTEWORTHY = 60;
/** Of what texts hold, what makes a session doubtful; secrets and personal data alone do not. */
const DOUBTFUL = /^(?:injection|exploit|destination)/;

/** Tells the session how its call ended. */
export function tellConduct(
  { principal, action, findings, upstreamStatus, outcome, usage }: Facts,
  now: Instant,
  store: ConductStore,
): void {
  if (principal === undefined || action === undefined || !store.watching) return;
  const failed = outcome?.kind === "failed" || (upstreamStatus ?? 0) >= 400;
  const later = upstreamStatus !== undefined && LATER.has(upstreamStatus);
  const answer = outcome?.kind === "completed" ? outcome.status * BYTES + outcome.bytes : undefined;
  const found = findings.filter(
    ({ detector, score }) => score >= NOTEWORTHY && DOUBTFUL.test(detector),
  );
  const end = { name: callName(action), failed, later, answer, cost: usage?.cost ?? 0, found };
  store.ended(principal, end, now);
}
