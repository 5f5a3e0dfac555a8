import { millis, type Millis } from "../units.ts";

/** Lowest first. */
export const REVIEW_PRIORITIES = ["low", "medium", "high", "critical"] as const;
export type ReviewPriority = (typeof REVIEW_PRIORITIES)[number];

const HOUR_MS = 3_600_000;

/** How soon somebody should answer where nobody says otherwise. */
export const SLA = {
  low: millis(72 * HOUR_MS),
  medium: millis(24 * HOUR_MS),
  high: millis(4 * HOUR_MS),
  critical: millis(HOUR_MS),
} as const satisfies Readonly<Record<ReviewPriority, Millis>>;

export function nextHigher(priority: ReviewPriority): ReviewPriority {
  return REVIEW_PRIORITIES[REVIEW_PRIORITIES.indexOf(priority) + 1] ?? "critical";
}

export function highest(priorities: readonly ReviewPriority[]): ReviewPriority | undefined {
  return REVIEW_PRIORITIES.findLast((priority) => priorities.includes(priority));
}
