import type { Approval } from "../decision.ts";
import { highest } from "../review/priority.ts";
import { millis, type Millis } from "../units.ts";

/**
 * What several rules want of one approval: everything that each of them wants. Undefined: they name
 * approvers, and nobody is named by all.
 */
export function uniteApprovals(approvals: readonly Approval[]): Approval | undefined {
  const [only, second] = approvals;
  if (only !== undefined && second === undefined) return only;
  const approvers = shared(approvals.map((one) => one.approvers));
  if (approvers === undefined) return undefined;
  const handedOn = shared(approvals.map(({ escalateTo = [] }) => escalateTo));
  return Object.freeze({
    approvers,
    expires: millis(Math.min(...approvals.map(({ expires }) => expires))),
    count: Math.max(...approvals.map(({ count = 1 }) => count)),
    priority: highest(approvals.flatMap(({ priority }) => priority ?? [])),
    sla: shortest(approvals.flatMap(({ sla }) => sla ?? [])),
    escalateTo: handedOn?.length === 0 ? undefined : handedOn,
    holdMax: shortest(approvals.flatMap(({ holdMax }) => holdMax ?? [])),
  });
}

/** Whom every list names that names somebody; empty where none does. */
function shared(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  const [first, ...rest] = lists.filter(({ length }) => length > 0);
  if (first === undefined) return [];
  const named = first.filter((name) => rest.every((list) => list.includes(name)));
  return named.length === 0 ? undefined : named;
}

function shortest(times: readonly Millis[]): Millis | undefined {
  return times.length === 0 ? undefined : millis(Math.min(...times));
}
