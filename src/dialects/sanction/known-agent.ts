/** The name and clearance of whoever calls, as the directory has them. */
import type { Caller } from "../../core/identity/caller.ts";
import { CLEARANCE_DEFAULT, type Clearance } from "../../core/identity/directory-entry.ts";
import { agentEntryId } from "../../operations/identity/manage-agents.ts";
import type { DialectCore } from "../dialect-core.ts";

export interface KnownAgent {
  /** As its owner wrote it. */
  readonly name: string;
  readonly clearance: Clearance;
}

export async function knownAgent(
  { tenant, agent }: Caller,
  { identity }: Pick<DialectCore, "identity">,
): Promise<KnownAgent> {
  const known = agent && (await identity.ports.store.get("agent", agentEntryId(tenant, agent)));
  const name = agent ?? "";
  if (!known) return { name, clearance: CLEARANCE_DEFAULT };
  const { description = name, clearance } = known.body;
  return { name: description, clearance };
}
