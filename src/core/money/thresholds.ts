import type { Hold, SpendChange } from "./budget.ts";

/** A soft limit that one settlement reached. */
export interface ThresholdCrossing {
  readonly hold: Hold;
  /** The highest of the budget's `notify_at` that was reached now. */
  readonly percent: number;
  readonly spent: number;
}

/** Exactly one settlement crosses a percentage, so that somebody is told once. */
export function crossingOf(hold: Hold, change: SpendChange): ThresholdCrossing | undefined {
  const { notifyAt, limit } = hold.budget;
  let reached: number | undefined;
  for (const percent of notifyAt) {
    const threshold = (limit * percent) / 100;
    if (change.before < threshold && change.after >= threshold) reached = percent;
  }
  return reached === undefined ? undefined : { hold, percent: reached, spent: change.after };
}
