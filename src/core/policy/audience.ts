import { CLEARANCE_DEFAULT, type Clearance } from "../identity/directory-entry.ts";
import type { Principal } from "../principal.ts";
import { matchesAnyName, type Glob } from "./glob.ts";

/** Whom a rule or an `inspect` entry is about. */
export interface Audience {
  /** Of the file; none: nobody. */
  readonly fileAgents: readonly Glob[];
  /** Of the file; empty: all. */
  readonly tenants: readonly Glob[];
  /** Narrows the file's; empty: not. */
  readonly agents: readonly Glob[];
  /** The least that an agent must have. */
  readonly clearance: Clearance;
}

/** What of a principal decides whether a rule is about it. */
export type Member = Pick<Principal, "agent" | "tenant" | "clearance">;

export function includes(audience: Audience, member: Member): boolean {
  return isNamed(audience, member) && isCleared(audience, member);
}

export function isNamed({ fileAgents, tenants, agents }: Audience, member: Member): boolean {
  if (fileAgents.length === 0) return false;
  return (
    matchesAnyName(fileAgents, member.agent) &&
    matchesAnyName(tenants, member.tenant) &&
    matchesAnyName(agents, member.agent)
  );
}

export function isCleared({ clearance }: Audience, member: Member): boolean {
  return (member.clearance ?? CLEARANCE_DEFAULT) >= clearance;
}

/**
 * What members are told apart by: where no audience looks at more than the agent, its name alone,
 * which is a string that is there already.
 */
export function memberKey(audiences: readonly Audience[]): (member: Member) => string {
  const named = audiences.every(
    ({ tenants, clearance }) => tenants.length === 0 && clearance === CLEARANCE_DEFAULT,
  );
  if (named) return ({ agent }) => agent;
  return ({ agent, tenant, clearance = CLEARANCE_DEFAULT }) => `${clearance} ${tenant} ${agent}`;
}
