import type { Inspections } from "../core/decision.ts";
import { compilePolicies } from "../core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import { id } from "../core/units.ts";
import { policyFilesStamp, readPolicyFiles } from "./policy-files.ts";

const NOTHING = compilePolicies([]);

/**
 * What a policy directory wants to find, for those who ask from outside the gateway. Read again when
 * a file changed; files with problems leave the last good ones, as in the gateway.
 */
export function openInspectionSource(directory: string): (agent: string) => Inspections {
  let stamp: string | undefined;
  let snapshot: PolicySnapshot | undefined = NOTHING.kind === "ok" ? NOTHING.snapshot : undefined;
  return (agent) => {
    const now = policyFilesStamp(directory);
    if (now !== stamp) {
      const { sources, problems } = readPolicyFiles(directory);
      const reply = problems.length > 0 ? undefined : compilePolicies(sources);
      if (reply?.kind === "ok") snapshot = reply.snapshot;
      stamp = now;
    }
    if (snapshot === undefined) throw new Error("no policy compiles to nothing");
    return inspectionsOf(snapshot, agent);
  };
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
