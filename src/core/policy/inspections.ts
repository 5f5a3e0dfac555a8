import type { Inspections } from "../decision.ts";
import {
  NO_INSPECTION,
  type Inspection,
  type InspectionRule,
  type Surface,
} from "../inspect/inspection.ts";
import { scanPlan } from "../inspect/scan-plan.ts";
import { matchesAnyName, type Glob } from "./glob.ts";

/** An `inspect` entry as agents meet it. */
export interface CompiledInspection {
  readonly fileAgents: readonly Glob[];
  /** Empty: not narrowed. */
  readonly agents: readonly Glob[];
  readonly on: readonly Surface[];
  readonly rule: InspectionRule;
}

export function resolveInspections(
  agent: string,
  inspections: readonly CompiledInspection[],
): Inspections {
  const own = inspections.filter(
    ({ fileAgents, agents }) =>
      fileAgents.length > 0 && matchesAnyName(fileAgents, agent) && matchesAnyName(agents, agent),
  );
  return Object.freeze({
    request: on("request", own),
    response: on("response", own),
    toolResult: on("tool_result", own),
  });
}

/** Where nothing is looked for it is the constant that says so. */
function on(surface: Surface, inspections: readonly CompiledInspection[]): Inspection {
  const rules = inspections.flatMap((entry) => (entry.on.includes(surface) ? entry.rule : []));
  if (rules.length === 0) return NO_INSPECTION[surface];
  const inspection: Inspection = Object.freeze({ surface, rules });
  // Compiled with the policy: the first table of a set of detectors takes 100 ms.
  scanPlan(inspection);
  return inspection;
}
