import type { Hold } from "../core/money/budget.ts";

/** Amounts that are no integers would break the sums of everybody else. */
export function defectOf(holds: readonly Hold[]): Error | undefined {
  if (!holds.every(({ amount }) => isAmount(amount))) return new RangeError("not an amount");
  if (holds.length > 1 && new Set(holds.map(({ key }) => key)).size < holds.length) {
    return new RangeError("two holds on one key");
  }
  return undefined;
}

export function isAmount(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount >= 0;
}
