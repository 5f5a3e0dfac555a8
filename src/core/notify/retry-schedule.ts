import { instant, type Instant } from "../units.ts";
import type { Attempt, DeliveryState } from "./delivery-queue.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Between attempts, as the Standard Webhooks specification proposes: 28 hours in all. */
export const RETRY_AFTER_MS: readonly number[] = [
  5 * SECOND,
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  10 * HOUR,
];

/** 4xx that say "later" rather than "never": RFC 9110 §15.5.9, RFC 8470, RFC 6585. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

export interface Verdict {
  readonly state: DeliveryState;
  readonly at: Instant;
}

/** What becomes of a delivery after its n-th attempt, counted from 1. */
export function afterAttempt({ status, error }: Attempt, n: number, now: Instant): Verdict {
  if (error === undefined) return { state: "delivered", at: now };
  const isFinal = status !== undefined && status >= 300 && status < 500 && !LATER.has(status);
  const wait = isFinal ? undefined : RETRY_AFTER_MS[n - 1];
  return wait === undefined
    ? { state: "dead", at: now }
    : { state: "pending", at: instant(now + wait) };
}
