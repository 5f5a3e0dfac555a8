import type { Caller } from "../../core/identity/caller.ts";
import { includesRole, ROLES } from "../../core/identity/role.ts";
import type { Review } from "../../core/review/review.ts";

/** The same person by login and by key: whoever approves twice is still two eyes. */
export function personOf({ user, name }: Caller): string {
  return user ?? name;
}

/** No two people have names that differ in their case alone. */
function isSame(person: string, other: string | undefined): boolean {
  return person.toLowerCase() === other?.toLowerCase();
}

/**
 * By name, or by a role of ours that the caller has; a role that we do not know is an
 * administrator's to answer. Nobody answers what they, their agent or their user ask.
 */
export function mayAnswer(caller: Caller, { principal, approval, origin }: Review): boolean {
  const person = personOf(caller);
  if (caller.agent === principal.agent || isSame(person, principal.user)) return false;
  if (origin.kind === "request" && isSame(person, origin.by)) return false;
  if (approval.approvers.length === 0 || caller.role === "admin") return true;
  return approval.approvers.some((approver) => {
    if (!approver.startsWith("role:")) return approver === person;
    const role = ROLES.find((known) => known === approver.slice("role:".length));
    return role !== undefined && role !== "agent" && includesRole(caller.role, role);
  });
}
