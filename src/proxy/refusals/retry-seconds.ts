import type { Refusal } from "../../core/refusal.ts";

/** The OpenAI SDK ignores more and retries at once; the Anthropic SDK sleeps for all of it. */
const RETRY_SECONDS_MAX = 60;

/** Whole seconds for `Retry-After`, 1 to 60. */
export function retrySeconds(refusal: Refusal): number {
  return Math.min(waitSeconds(refusal), RETRY_SECONDS_MAX);
}

/** How long it really takes, for those who read: they would ask in vain once a minute. */
export function waitSeconds({ retryIn }: Refusal): number {
  return Math.max(Math.ceil((retryIn ?? 0) / 1000), 1);
}
