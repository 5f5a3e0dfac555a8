/** Calls that are described to the API instead of made, and by whom they would be. */
import { Type } from "typebox";
import { CLEARANCE_DEFAULT } from "../../core/identity/directory-entry.ts";
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { isJsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { id, type AgentId } from "../../core/units.ts";
import { agentEntryId } from "../../operations/identity/manage-agents.ts";
import { readPlannedCall, type PlannedCall } from "../../operations/planning/planned-call.ts";
import { Name } from "./fields.ts";
import type { Services } from "./services.ts";

const Text = Type.String({ maxLength: 2_048 });

export const CALL_FIELDS = {
  tool: Type.Optional(Text),
  prompt: Type.Optional(Text),
  resource: Type.Optional(Text),
  arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  model: Type.Optional(Text),
  method: Type.Optional(Text),
  path: Type.Optional(Text),
  upstream: Type.Optional(Name),
};

/** `call` has the members of `CALL_FIELDS`, checked by the route's schema. */
export function readCall(call: object): Answer<PlannedCall> {
  const asked: unknown = call;
  const reading = isJsonObject(asked) ? readPlannedCall(asked) : undefined;
  if (reading?.kind === "ok") return done(reading.call);
  return fault("invalid", reading?.problem ?? "Name a call.");
}

/** The agent as it would be known if it called now. */
export async function principalNamed(
  { tenant }: Caller,
  agent: string,
  session: string | undefined,
  { ports, listedAgents }: Services["identity"],
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
