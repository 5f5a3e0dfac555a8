import type { Millis } from "../units.ts";
import type { Review } from "./review.ts";

/** Waits for people's words on behalf of calls, with one look at the store for all of them. */
export interface ReviewAwaiting {
  /**
   * The review once it does not wait any more, or its successor's; as it is by then where `max` is
   * over or `gone` is aborted first. Never rejects.
   */
  settled(review: Review, max: Millis, gone: AbortSignal): Promise<Review>;
}
