import type { Caller } from "../../core/identity/caller.ts";
import { CLEARANCE_DEFAULT, type AgentRecord } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Principal } from "../../core/principal.ts";
import { id, type AgentId, type TenantId } from "../../core/units.ts";
import { agentEntryId } from "./manage-agents.ts";

/** An agent of the configuration. */
export interface KnownAgent extends Pick<AgentRecord, "team" | "user" | "tags" | "clearance"> {
  readonly tenant: TenantId;
}

interface AgentPorts {
  readonly ports: Pick<IdentityPorts, "store">;
  readonly listedAgents: ReadonlyMap<string, KnownAgent>;
}

/** The agent as it would be known if it called now. */
export async function principalNamed(
  { tenant }: Caller,
  agent: string,
  session: string | undefined,
  { ports, listedAgents }: AgentPorts,
): Promise<Principal> {
  const name = id<AgentId>(agent);
  const stored = await ports.store.get("agent", agentEntryId(tenant, name));
  const listed = listedAgents.get(agent);
  const known = listed?.tenant === tenant ? listed : stored?.body;
  return {
    agent: name,
    tenant,
    session: id(session ?? `${agent}/default`),
    team: known?.team,
    user: known?.user,
    run: undefined,
    tags: known?.tags ?? {},
    provenBy: "api_key",
    clearance: known?.clearance ?? CLEARANCE_DEFAULT,
  };
}
