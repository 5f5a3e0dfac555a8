/** What the operator wrote for the time when a store cannot be asked. */
export type OutagePolicy =
  | { readonly kind: "closed" }
  /** Milliseconds since the epoch: from then on it is closed. */
  | { readonly kind: "open"; readonly until: number }
  /** Percent of a limit that this replica may use by itself. */
  | { readonly kind: "degrade"; readonly share: number };

/** Counts what was let through without the store; for metrics. */
export interface OutageCount {
  readonly letThrough: number;
}

/** Whatever no store could take is refused under every policy: it is a defect, not an outage. */
export function isOutage(cause: Error): boolean {
  return !(cause instanceof RangeError);
}
