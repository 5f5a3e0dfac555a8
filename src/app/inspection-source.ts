import type { Inspections } from "../core/decision.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import { id } from "../core/units.ts";
import { openPolicyDesk } from "./policy-desk.ts";

/** What a policy directory wants to find, for those who ask from outside the gateway. */
export function openInspectionSource(directory: string): (agent: string) => Inspections {
  const desk = openPolicyDesk(directory);
  return (agent) => inspectionsOf(desk.snapshot(), agent);
}

/** `inspect` entries look at the agent's name only. */
export function inspectionsOf(snapshot: PolicySnapshot, agent: string): Inspections {
  return snapshot.inspections({
    agent: id(agent),
    tenant: id("default"),
    session: id("inspect"),
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "loopback",
  });
}
