import type { Approval } from "../decision.ts";
import type { Millis } from "../units.ts";

const SECOND_MS = 1_000;

/** As a rule of a policy file has it; undefined where nothing is said. JSON is YAML. */
export function approvalText(approval: Partial<Approval>): string | undefined {
  const { approvers = [], count, expires, priority, sla, escalateTo, holdMax } = approval;
  const said = [
    ...(approvers.length > 0 ? [`approvers: ${JSON.stringify(approvers)}`] : []),
    ...(count === undefined ? [] : [`count: ${count}`]),
    ...duration("expires", expires),
    ...(priority === undefined ? [] : [`priority: ${priority}`]),
    ...duration("sla", sla),
    ...(escalateTo === undefined ? [] : [`escalate_to: ${JSON.stringify(escalateTo)}`]),
    ...duration("hold_max", holdMax),
  ];
  return said.length === 0 ? undefined : `approval: { ${said.join(", ")} }`;
}

/** Files have whole seconds. */
function duration(key: string, time: Millis | undefined): string[] {
  return time === undefined ? [] : [`${key}: ${time / SECOND_MS}s`];
}
