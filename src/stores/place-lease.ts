import type { RateClaim } from "../core/money/rate.ts";

/** A place comes back so long after its holder died. Whoever lives renews it three times as often. */
export const PLACE_LEASE_MS = 90_000;
export const PLACE_RENEW_MS = PLACE_LEASE_MS / 3;
/** Nobody knows when a place becomes free; a client may ask again after this. */
export const PLACE_RETRY_MS = 1000;

/** Whether the end of its exchange changes what a claim took. */
export function changesLater({ limit }: RateClaim): boolean {
  return limit.kind === "places" || limit.counts !== "requests";
}
