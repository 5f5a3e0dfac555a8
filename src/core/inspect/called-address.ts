/** The address of the call itself: its host is the operator's choice, what it carries is not. */
import { assessDestination } from "../destination/assess-destination.ts";
import type { Finding } from "./finding.ts";
import type { Inspection } from "./inspection.ts";
import { marksOf, ruleFor, scanPlan } from "./scan-plan.ts";

const PART = "url";
const DETECTOR = "destination.exfiltration";
/** Stands for the upstream, against which nothing speaks. */
const UPSTREAM = "https://upstream.invalid";
/** Shorter paths carry nothing that is worth the look. */
const CARRIES_MIN = 16;

/** `url`: path and query as they will be sent. */
export function carriedOut(url: string, inspection: Inspection): Finding | undefined {
  const plan = scanPlan(inspection);
  if (url.length < CARRIES_MIN || !url.startsWith("/") || !plan.rules.has(DETECTOR))
    return undefined;
  const { suspicions } = assessDestination(`${UPSTREAM}${url}`, plan.lists);
  const found = suspicions.find(({ kind }) => kind === "exfiltration");
  if (found === undefined) return undefined;
  const signature = found.factors.join("+");
  const rule = ruleFor(plan, DETECTOR, found.score, { signature, part: PART });
  if (rule === undefined) return undefined;
  return {
    detector: DETECTOR,
    signature,
    rule: rule.id,
    score: found.score,
    confidence: found.confidence,
    part: PART,
    start: 0,
    end: url.length,
    action: rule.action,
    ...marksOf(plan, DETECTOR, found.score),
  };
}
