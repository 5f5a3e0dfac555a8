import { anchorTable } from "./anchor-table.ts";
import type { Finding } from "./finding.ts";
import type { Inspection, InspectionRule } from "./inspection.ts";
import type { Signature } from "./signature.ts";
import type { AnchorTable } from "./find-anchor.ts";
import { DETECTORS } from "./detectors/detectors.ts";
import { EMAIL_DETECTOR } from "./detectors/pii-email.ts";

/** An inspection compiled: what to look for and what each detector's findings lead to. */
export interface ScanPlan {
  /** No rule looks for anything: only withheld literals count. */
  readonly empty: boolean;
  readonly anchors: AnchorTable;
  /** Whether e-mail addresses are wanted: found by their `@`, backwards. */
  readonly email: boolean;
  /** Any finding may rewrite text, so text is held back while one could begin. */
  readonly rewrites: boolean;
  readonly rules: ReadonlyMap<string, readonly InspectionRule[]>;
}

const STRENGTH: Record<Finding["action"], number> = { block: 2, redact: 1, report: 0 };

const plans = new WeakMap<Inspection, ScanPlan>();
/** Tables by what is looked for: many agents share few sets of detectors. */
const tables = new Map<string, AnchorTable>();

/** Compiled once per inspection: policy hands out the same object for the same agent. */
export function scanPlan(inspection: Inspection): ScanPlan {
  const known = plans.get(inspection);
  if (known !== undefined) return known;
  const plan = compile(inspection);
  plans.set(inspection, plan);
  return plan;
}

/** The strictest rule that wants this detector's finding at this score. */
export function ruleFor(
  plan: ScanPlan,
  detector: string,
  score: number,
): InspectionRule | undefined {
  return plan.rules.get(detector)?.find((rule) => score >= rule.scoreMin);
}

function compile(inspection: Inspection): ScanPlan {
  const rules = new Map<string, readonly InspectionRule[]>();
  for (const detector of DETECTORS.keys()) {
    const wanted = inspection.rules
      .filter((rule) => rule.find.some((name) => covers(name, detector)))
      .toSorted((a, b) => STRENGTH[b.action] - STRENGTH[a.action]);
    if (wanted.length > 0) rules.set(detector, wanted);
  }
  const rewrites = (detector: string): boolean =>
    rules.get(detector)?.some((rule) => rule.action === "redact") === true;
  return {
    empty: rules.size === 0,
    anchors: tableFor([...rules.keys()], rewrites),
    email: rules.has(EMAIL_DETECTOR),
    rewrites: [...rules.keys()].some(rewrites),
    rules,
  };
}

/** `pii` covers `pii.email`. */
function covers(name: string, detector: string): boolean {
  return name === detector || detector.startsWith(`${name}.`);
}

function tableFor(
  detectors: readonly string[],
  rewrites: (detector: string) => boolean,
): AnchorTable {
  const key = detectors.map((name) => (rewrites(name) ? `${name}!` : name)).join(",");
  const known = tables.get(key);
  if (known !== undefined) return known;
  const signatures: Signature[] = detectors.flatMap((name) => [...(DETECTORS.get(name) ?? [])]);
  const built = anchorTable(signatures, rewrites);
  tables.set(key, built);
  return built;
}
