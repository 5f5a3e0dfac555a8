import { done, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { CLEARANCE_DEFAULT } from "../../core/identity/directory-entry.ts";
import type { AgentId } from "../../core/units.ts";
import { agentEntryId, isListed, registerAgent } from "../../operations/identity/manage-agents.ts";
import type { DialectCore } from "../dialect-core.ts";

/** Agents need not be registered here: the first session of a name makes it known. */
export async function ensureAgent(
  caller: Caller,
  name: AgentId,
  { identity: { ports, listedAgents } }: DialectCore,
): Promise<Answer<undefined>> {
  const { tenant, role } = caller;
  const listed = new Set(listedAgents.keys());
  if (role !== "admin" || isListed(tenant, name, listed)) return done(undefined);
  if ((await ports.store.get("agent", agentEntryId(tenant, name))) !== undefined) {
    return done(undefined);
  }
  const agent = {
    name,
    team: undefined,
    user: undefined,
    tags: {},
    clearance: CLEARANCE_DEFAULT,
    description: undefined,
    active: true,
    subjects: [],
  };
  const made = await registerAgent(caller, agent, listed, ports);
  // Somebody was faster: it is known.
  const isKnown = made.kind === "done" || made.fault.code === "changed_meanwhile";
  return isKnown || made.fault.code === "conflict" ? done(undefined) : made;
}
