/** Stage 4 as a whole: what the request says, and how the session behaves. */
import type { Inspections } from "../core/decision.ts";
import type { Facts } from "../core/evidence.ts";
import {
  answersWithAliases,
  openAliases,
  withAliases,
  type AliasBooks,
  type Aliases,
} from "../core/inspect/aliases.ts";
import { FORESEEN_BYTES_MIN } from "../core/inspect/foresee.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { withoutInjection, withOpinions, type Judge } from "../core/inspect/opinions.ts";
import { scanPlan } from "../core/inspect/scan-plan.ts";
import type { RiskLevel } from "../core/session/conduct.ts";
import { pass, type Verdict } from "../core/verdict.ts";
import type { Ask, Changes, Scannable } from "../pipeline/ask.ts";
import type { LookWatch, Ports } from "../pipeline/stages.ts";
import { splice } from "../pipeline/splice.ts";
import { watch } from "../pipeline/watch.ts";
import { detect, foreseeRequest } from "../pipeline/detect.ts";
import { watchedWaits } from "../pipeline/watched-inspector.ts";

export interface Looked {
  readonly redacted: Changes["redacted"];
  readonly risk: RiskLevel;
  /** With the names that were given out, where personal data is taken out. */
  readonly inspections: Inspections;
}

/** Synchronous, except for large bodies and where a second opinion is asked. */
export function look(
  ask: Ask,
  scannable: Scannable,
  asked: Inspections,
  facts: Facts,
  ports: Ports,
): Verdict<Looked> | Promise<Verdict<Looked>> {
  const { judge } = ports;
  const judged = judge === undefined ? asked : judgedBy(judge, asked, facts);
  const aliases = givesNames(asked) ? aliasesOf(facts, ports.aliases) : undefined;
  const inspection = aliases === undefined ? judged.request : withAliases(judged.request, aliases);
  const foreseen = watchedSlices(scannable, inspection, facts, ports.looks);
  const inspections = aliases === undefined ? judged : answersWithAliases(judged, aliases);
  const view = { ask, scannable, inspection, inspections };
  return foreseen === undefined
    ? lookNow(view, facts, ports)
    : foreseen.then(() => lookNow(view, facts, ports));
}

/** If a slice never ends, or what is doubted, it is known whose it was. */
function watchedSlices(
  scannable: Scannable,
  inspection: Inspection,
  facts: Facts,
  looks: LookWatch | undefined,
): Promise<void> | undefined {
  const isSliced = "bytes" in scannable && scannable.bytes >= FORESEEN_BYTES_MIN;
  const waits = isSliced || inspection.opinions !== undefined;
  if (looks === undefined || !waits) return foreseeRequest(scannable, inspection);
  return watchedWaits(looks, facts, "request", (aside) =>
    foreseeRequest(scannable, inspection, aside),
  );
}

/** What is looked at, and what for. */
interface View {
  readonly ask: Ask;
  readonly scannable: Scannable;
  readonly inspection: Inspection;
  readonly inspections: Inspections;
}

function lookNow(
  { ask: { surroundings, upstream, at }, scannable, inspection, inspections }: View,
  facts: Facts,
  { conduct, openEnds, looks }: Ports,
): Verdict<Looked> {
  looks?.begin(facts, "request");
  const detected = detect(scannable, surroundings, inspection, upstream.unscannable);
  facts.findings = detected.findings;
  facts.requestScan = detected.scan;
  const whole =
    detected.verdict.kind === "halt"
      ? detected.verdict
      : splice(scannable, inspection, facts, openEnds);
  looks?.end();
  if (detected.verdict.kind === "halt") return detected.verdict;
  if (whole.kind === "halt") return whole;
  const watched = watch(facts, inspection, at, conduct);
  if (watched.kind === "halt") return watched;
  return pass({ redacted: detected.verdict.value, risk: watched.value, inspections });
}

/** Nobody judges the judge: what it is asked about looks like an attack. */
function judgedBy(judge: Judge, asked: Inspections, { principal }: Facts): Inspections {
  if (principal === undefined) return asked;
  if (judge.isOwn(principal)) return mapped(asked, withoutInjection);
  const opinions = judge.openOpinions();
  return mapped(asked, (inspection) => withOpinions(inspection, opinions));
}

function mapped(asked: Inspections, change: (inspection: Inspection) => Inspection): Inspections {
  const { request, response, toolResult } = asked;
  return {
    ...asked,
    request: change(request),
    response: change(response),
    toolResult: change(toolResult),
  };
}

function givesNames({ request, response, toolResult }: Inspections): boolean {
  return scanPlan(request).names || scanPlan(response).names || scanPlan(toolResult).names;
}

function aliasesOf({ principal }: Facts, books: AliasBooks): Aliases | undefined {
  return principal === undefined ? undefined : openAliases(books.of(principal));
}
