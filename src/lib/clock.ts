/** The only reader of the machine's clocks. Core and pipeline take time as a value. */

/** Wall clock, milliseconds since 1970-01-01T00:00:00Z. May jump; never subtract two of these. */
export function wallMillis(): number {
  return Date.now();
}

/** Monotonic milliseconds with a fraction, for durations and deadlines. Never jumps. */
export function monotonicMillis(): number {
  return performance.now();
}
