/** A key's request at a management door, counted against its plan. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type {
  PlanTable,
  Quota,
  QuotaStanding,
  QuotaStore,
  QuotaSubject,
} from "../../core/identity/quota.ts";
import type { Instant } from "../../core/units.ts";

/** The door's own counting: what its plans allow, and the name it is counted under. */
export interface Meter {
  readonly name: string;
  readonly plans: PlanTable;
}

export interface QuotaPorts {
  readonly quotas: QuotaStore;
  readonly now: () => Instant;
}

/** Whether a caller is counted: people and execution tokens have no plan. */
export function isMetered(caller: Caller): boolean {
  return caller.plan !== undefined;
}

/** The plan's allowance, with what was agreed for this key in its place. */
export function quotaOf({ plan, quota }: Caller, { plans }: Meter): Quota {
  return { ...(plan !== undefined && plans[plan]), ...quota };
}

export async function takeQuota(
  caller: Caller,
  meter: Meter,
  { quotas, now }: QuotaPorts,
): Promise<Answer<readonly QuotaStanding[]>> {
  const at = now();
  const reply = await quotas.take(subjectOf(caller, meter), quotaOf(caller, meter), at);
  if (reply.kind === "taken") return done(reply.standings);
  const { window, limit, resetsAt } = reply.window;
  const retryAfter = Math.max(Math.ceil((resetsAt - at) / 1000), 1);
  const detail = `The plan ${caller.plan ?? ""} allows ${limit ?? 0} requests a ${window}.`;
  return fault("too_many", detail, { retryAfter });
}

export function subjectOf({ tenant, id }: Caller, { name }: Meter): QuotaSubject {
  return { tenant, key: id, meter: name };
}
