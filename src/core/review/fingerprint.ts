import { digestOf } from "../../lib/canonical-json.ts";
import type { Action } from "../action.ts";
import type { Principal } from "../principal.ts";
import type { DefinitionHash, Digest } from "../units.ts";

/** How the agent proved itself is left out: the same agent asks the same, by key or by loopback. */
export function fingerprintOf(
  principal: Principal,
  action: Action,
  definition: DefinitionHash | undefined,
): Digest {
  const { tenant, agent, session } = principal;
  return digestOf({ tenant, agent, session, action, definition });
}

/** A denial is set aside for the agent's call, whatever session it makes it in. */
export function overrideFingerprintOf(
  { tenant, agent }: Pick<Principal, "tenant" | "agent">,
  action: Action,
): Digest {
  return digestOf({ kind: "override", tenant, agent, action });
}
