/** Every point between two steps of a call's money, at which its process may die. */
export const FAULT_POINTS = [
  "before_reserve",
  "reserve_sent",
  "reserved",
  "resize_sent",
  "resized",
  "settle_sent",
  "settled",
] as const;

/** Longer than any test runs: nothing expires unless a test says that it is later. */
export const FAULT_LEASE_MS = 600_000;
