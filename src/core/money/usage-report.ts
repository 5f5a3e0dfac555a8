/** What was used, summed by day and by who and what: the shape of reports, not of the record. */

import type { TenantId } from "../units.ts";

/** By what a report may be grouped. */
export const USAGE_GROUPS = ["day", "agent", "team", "user", "upstream", "model", "tool"] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Where one call belongs; empty where it has no such thing. */
export type UsageCell = Readonly<Record<"tenant" | UsageGroup, string>>;

export const USAGE_COUNTS = [
  "calls",
  "refused",
  "inputTokens",
  "outputTokens",
  "nanoUsd",
  "estimated",
] as const;
export type UsageCount = (typeof USAGE_COUNTS)[number];

export type UsageCounts = Readonly<Record<UsageCount, number>>;

export interface UsageQuery {
  /** Days, `2026-11-21`, both included. */
  readonly from: string;
  readonly to: string;
  readonly tenant: TenantId;
  readonly groups: readonly UsageGroup[];
  /** Only calls of these values. */
  readonly only: Readonly<Partial<Record<UsageGroup, string>>>;
  readonly max: number;
}

export interface UsageRow {
  /** The groups asked for; the others are left out. */
  readonly cell: Readonly<Partial<Record<UsageGroup, string>>>;
  readonly counts: UsageCounts;
}

/** Sums that can be rebuilt from the record; a process that is killed takes its last second along. */
export interface UsageStore {
  /** Nobody waits: it is written within a second. */
  add(cell: UsageCell, counts: UsageCounts): void;
  /** Dearest first. Includes what was added and not yet written. Throws what the disk throws. */
  report(query: UsageQuery): readonly UsageRow[];
}
