/**
 * What a passage says without the disguise of its words is looked at for injection only, because
 * anything else would be found by chance. Numbers that spell characters are an encoding like others.
 */
import { INJECTION_DETECTOR } from "../detectors/injection.ts";
import { SECRET_DETECTOR } from "../detectors/secret.ts";
import type { InspectionRule } from "../inspection.ts";
import { redact } from "../judge.ts";
import type { ScanPlan } from "../scan-plan.ts";
import type { TextScan } from "../text-scan.ts";
import { disguisesOf } from "./disguises.ts";
import { judgeHidden } from "./hidden-writing.ts";
import { affordInner, payInside } from "../scan-budget.ts";
import { lookInside, payInner, report, type Look } from "./inner-look.ts";
import { passageBehind } from "./passages.ts";

export function judgePassage(scan: TextScan, end: number, look: Look): void {
  const { text, passageFrom: start } = scan;
  scan.passageFrom = passageBehind(start, end);
  judgeHidden(scan, start, end);
  if (scan.blocked !== undefined) return;
  const disguises = disguisesOf(text, start, end);
  if (disguises.length === 0) return;
  const passage = text.slice(start, end);
  if (scan.depth === 0) payInner(scan);
  for (const { name, plain, encodes, place, work, saidWork } of disguises) {
    if (!affordInner(scan.budget, work * passage.length)) {
      scan.capped ??= "too_costly";
      return;
    }
    const said = plain(passage);
    if (said === undefined || said === passage) continue;
    payInside(scan.budget, saidWork * said.length);
    const span = place === undefined ? { start, end } : shifted(place, start);
    const plan = encodes ? stopping(scan.plan) : onlyInjection(scan.plan);
    const inner = lookInside(scan, { text: said, plan, layers: 1 }, look);
    if (inner === undefined) continue;
    report(scan, inner, [name], () => span);
    if (scan.blocked !== undefined) return;
    const [edit] = inner.edits;
    // In a stream some of it may have left.
    const from = Math.max(span.start, scan.floor, scan.released);
    if (edit !== undefined && span.end > from)
      scan.cursor = Math.max(scan.cursor, redact(scan, from, span.end, edit.replacement));
  }
}

function shifted({ start, end }: { start: number; end: number }, by: number) {
  return { start: by + start, end: by + end };
}

/** What is asked of a text behind a disguise, by the rules that ask it of the text. */
const injectionOnly = new WeakMap<ScanPlan["rules"], ScanPlan["rules"]>();
const stoppingOnly = new WeakMap<ScanPlan["rules"], ScanPlan["rules"]>();

function onlyInjection(plan: ScanPlan): ScanPlan {
  const isWanted = (detector: string): boolean => detector === INJECTION_DETECTOR;
  return narrowed(plan, injectionOnly, isWanted, INJECTION_DETECTOR);
}

/** Nothing is redacted for a card number in numbers, which chance makes, but for a secret. */
function stopping(plan: ScanPlan): ScanPlan {
  return narrowed(plan, stoppingOnly, (detector, rules) => {
    const isMeant = detector === INJECTION_DETECTOR || detector === SECRET_DETECTOR;
    return isMeant || rules.every(({ action }) => action !== "redact");
  });
}

function narrowed(
  plan: ScanPlan,
  known: WeakMap<ScanPlan["rules"], ScanPlan["rules"]>,
  isWanted: (detector: string, rules: readonly InspectionRule[]) => boolean,
  only?: string,
): ScanPlan {
  let rules = known.get(plan.rules);
  if (rules === undefined) {
    rules = new Map([...plan.rules].filter(([detector, some]) => isWanted(detector, some)));
    known.set(plan.rules, rules);
  }
  // The table is a larger one than is needed; to make another takes as long as a thousand looks.
  const { redactsInjection: rewrites } = plan;
  return { ...plan, rules, only, rewrites, email: false, holdsWords: false, names: false };
}
