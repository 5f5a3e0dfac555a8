/**
 * What a key may ask of the management doors: its plan's allowance by minute, hour and month. A
 * minute or an hour begins with the first request in it, so that the whole allowance is there then;
 * a month is the calendar's, in UTC. Each door counts under a name of its own (`meter`), because
 * plans of one name allow different things there.
 */
import { instant, type Instant } from "../units.ts";
import { PLANS, type Plan } from "./directory-entry.ts";

export const QUOTA_WINDOWS = ["minute", "hour", "month"] as const;
export type QuotaWindow = (typeof QUOTA_WINDOWS)[number];

/** Requests by window; a window that is left out is not limited. */
export type Quota = Readonly<Partial<Record<QuotaWindow, number>>>;

export type PlanTable = Readonly<Record<Plan, Quota>>;

/** Of the native API. Generous: what agents may do is for policy to say. */
export const NATIVE_PLANS: PlanTable = {
  free: { minute: 120, month: 10_000 },
  dev: { minute: 300, month: 100_000 },
  pro: { minute: 1_200, month: 1_000_000 },
  enterprise: {},
};

export function isWithinPlan(plan: Plan, highest: Plan): boolean {
  return PLANS.indexOf(plan) <= PLANS.indexOf(highest);
}

/** How far a window is used up. */
export interface QuotaCount {
  readonly since: Instant;
  readonly used: number;
}

export type QuotaCounts = Readonly<Partial<Record<QuotaWindow, QuotaCount>>>;

/** One window as a caller may be told of it. */
export interface QuotaStanding {
  readonly window: QuotaWindow;
  /** Undefined: not limited. */
  readonly limit: number | undefined;
  readonly used: number;
  readonly remaining: number | undefined;
  readonly resetsAt: Instant;
}

export type QuotaReply =
  | { readonly kind: "taken"; readonly standings: readonly QuotaStanding[] }
  /** Nothing was counted. `window`: the one that is over, the longest wait first. */
  | {
      readonly kind: "exhausted";
      readonly window: QuotaStanding;
      readonly standings: readonly QuotaStanding[];
    };

/** Whose request it is, and at which door. */
export interface QuotaSubject {
  readonly tenant: string;
  /** Of the key. */
  readonly key: string;
  readonly meter: string;
}

/** Shared by all processes of the directory. Rejects where it cannot be reached. */
export interface QuotaStore {
  /** Counts one request, if it fits into every window. */
  take(subject: QuotaSubject, quota: Quota, now: Instant): Promise<QuotaReply>;
  /** How it stands, with nothing counted. */
  standings(subject: QuotaSubject, quota: Quota, now: Instant): Promise<readonly QuotaStanding[]>;
  /** Requests of a month (`2026-11`) at a door: of one key, or of the whole tenant. */
  usedIn(month: string, of: Omit<QuotaSubject, "key"> & { readonly key?: string }): Promise<number>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The counts as they are now: a window that has passed begins anew. */
export function current(counts: QuotaCounts, now: Instant): Required<QuotaCounts> {
  return {
    minute: anchored(counts.minute, MINUTE_MS, now),
    hour: anchored(counts.hour, HOUR_MS, now),
    month: ofMonth(counts.month, now),
  };
}

export function counted(counts: Required<QuotaCounts>): Required<QuotaCounts> {
  const more = ({ since, used }: QuotaCount): QuotaCount => ({ since, used: used + 1 });
  return { minute: more(counts.minute), hour: more(counts.hour), month: more(counts.month) };
}

export function standingsOf(quota: Quota, counts: Required<QuotaCounts>): readonly QuotaStanding[] {
  return QUOTA_WINDOWS.map((window) => {
    const { since, used } = counts[window];
    const limit = quota[window];
    const remaining = limit === undefined ? undefined : Math.max(limit - used, 0);
    return { window, limit, used, remaining, resetsAt: endOf(window, since) };
  });
}

/** The window without room for one more; of several the one that is full the longest. */
export function fullWindow(standings: readonly QuotaStanding[]): QuotaStanding | undefined {
  return standings.findLast(({ remaining }) => remaining === 0);
}

export function monthOf(at: Instant): string {
  return new Date(at).toISOString().slice(0, 7);
}

/** A clock that was set back begins a window anew: nobody waits for a time that never was. */
function anchored(count: QuotaCount | undefined, length: number, now: Instant): QuotaCount {
  if (count === undefined || now < count.since || now - count.since >= length) {
    return { since: now, used: 0 };
  }
  return count;
}

function ofMonth(count: QuotaCount | undefined, now: Instant): QuotaCount {
  const since = instant(Date.parse(`${monthOf(now)}-01T00:00:00Z`));
  return count?.since === since ? count : { since, used: 0 };
}

function endOf(window: QuotaWindow, since: Instant): Instant {
  switch (window) {
    case "minute":
      return instant(since + MINUTE_MS);
    case "hour":
      return instant(since + HOUR_MS);
    case "month": {
      const begin = new Date(since);
      return instant(Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1, 1));
    }
  }
}
