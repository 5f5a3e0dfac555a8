/** A look at content that is on no wire: what would be found in it, and what would be done. */
import type { Inspections } from "../core/decision.ts";
import { describeFinding } from "../core/inspect/block-refusal.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { Surface } from "../core/inspect/inspection.ts";
import { scanJson } from "../core/inspect/scan-json.ts";
import type { JsonValue } from "../core/json.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import { id, type TenantId } from "../core/units.ts";

export interface InspectedContent {
  /** `not_asked`: no inspect entry applies to this agent there. */
  readonly verdict: "clean" | "reported" | "redacted" | "blocked" | "unscanned" | "not_asked";
  readonly findings: readonly ExplainedFinding[];
  /** With what rules want taken out; undefined where nothing was. */
  readonly redacted: JsonValue | undefined;
}

export interface ExplainedFinding extends Finding {
  /** In words; never the text itself. */
  readonly says: string;
}

const NONE: readonly string[] = [];

/** What a policy wants to find in the traffic of an agent that nobody has met yet. */
export function inspectionsFor(
  snapshot: PolicySnapshot,
  { tenant, agent }: { readonly tenant: TenantId; readonly agent: string },
): Inspections {
  return snapshot.inspections({
    agent: id(agent),
    tenant,
    session: id("inspect"),
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "loopback",
  });
}

/** JSON leaf by leaf, text as one. */
export function inspectContent(
  inspections: Inspections,
  on: Surface,
  content: JsonValue,
): InspectedContent {
  const inspection = on === "tool_result" ? inspections.toolResult : inspections[on];
  if (inspection.rules.length === 0)
    return { verdict: "not_asked", findings: [], redacted: undefined };
  const scan = scanJson(inspection, content, NONE);
  const findings = scan.findings.map((one) => ({ ...one, says: describeFinding(one) }));
  const redacted = scan.value === content ? undefined : scan.value;
  return {
    verdict: verdictOf(scan.blocked, scan.complete, redacted, findings),
    findings,
    redacted,
  };
}

function verdictOf(
  blocked: Finding | undefined,
  complete: boolean,
  redacted: JsonValue | undefined,
  findings: readonly Finding[],
): InspectedContent["verdict"] {
  if (blocked !== undefined) return "blocked";
  if (!complete) return "unscanned";
  if (redacted !== undefined) return "redacted";
  return findings.length === 0 ? "clean" : "reported";
}
