/**
 * Part of stage 4: how the session behaves, beside what the request says. Only where an `inspect`
 * entry asks for it.
 */
import type { Action } from "../core/action.ts";
import type { Facts } from "../core/evidence.ts";
import { blockRefusal } from "../core/inspect/block-refusal.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { marksOf, ruleFor, scanPlan } from "../core/inspect/scan-plan.ts";
import type { Principal } from "../core/principal.ts";
import { callOf } from "../core/session/call-of.ts";
import type { Conduct, ConductStore, RiskLevel, Sighting } from "../core/session/conduct.ts";
import type { Instant } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";

export interface Watched {
  readonly findings: readonly Finding[];
  readonly risk: RiskLevel;
  readonly verdict: Verdict<undefined>;
}

const QUIET: Watched = { findings: [], risk: "LOW", verdict: pass(undefined) };

export function watch(
  principal: Principal,
  action: Action,
  inspection: Inspection,
  now: Instant,
  store: ConductStore,
): Watched {
  if (!scanPlan(inspection).watches) return QUIET;
  const conduct = store.observe(principal, callOf(action), now);
  return judge(conduct, inspection);
}

function judge({ level, sightings }: Conduct, inspection: Inspection): Watched {
  const findings = sightings.flatMap((sighting) => findingOf(sighting, inspection) ?? []);
  const blocked = findings.find(({ action }) => action === "block");
  const verdict =
    blocked === undefined ? pass(undefined) : halt(blockRefusal("request_blocked", blocked));
  return { findings, risk: level, verdict };
}

/** Nothing can be taken out of what was done: to redact it is to block it. */
function findingOf(sighting: Sighting, inspection: Inspection): Finding | undefined {
  const plan = scanPlan(inspection);
  const { detector, signature, score } = sighting;
  const rule = ruleFor(plan, detector, score);
  if (rule === undefined) return undefined;
  return {
    detector,
    signature,
    rule: rule.id,
    score,
    confidence: score / 100,
    part: "session",
    start: 0,
    end: 0,
    action: rule.action === "report" ? "report" : "block",
    ...marksOf(plan, detector, score),
  };
}

const NOTEWORTHY = 60;
/** Of what texts hold, what makes a session doubtful; secrets and personal data alone do not. */
const DOUBTFUL = /^(?:injection|exploit|destination)/;

/** Tells the session how its call ended. */
export function tellConduct(
  { principal, action, findings, upstreamStatus, outcome, usage }: Facts,
  watches: boolean,
  now: Instant,
  store: ConductStore,
): void {
  if (!watches || principal === undefined || action === undefined) return;
  const failed = outcome?.kind === "failed" || (upstreamStatus ?? 0) >= 400;
  const found = findings.filter(
    ({ detector, score }) => score >= NOTEWORTHY && DOUBTFUL.test(detector),
  );
  store.ended(principal, { name: callOf(action).name, failed, cost: usage?.nanoUsd ?? 0, found }, now);
}
