import type { Approval } from "../decision.ts";
import type { Action } from "../action.ts";
import type { Principal } from "../principal.ts";
import type { Digest, ExchangeId, Instant, ReviewId, RuleId } from "../units.ts";

/** `approved` is a grant for one call; `used` is one that was. */
export const REVIEW_STATUSES = ["pending", "approved", "used", "denied", "expired"] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];

/** A call that waits for a human, and what the human said. */
export interface Review {
  readonly id: ReviewId;
  readonly exchange: ExchangeId;
  readonly principal: Principal;
  readonly action: Action;
  /** Hash of principal, action and tool definition: the same call asked again finds this review. */
  readonly fingerprint: Digest;
  readonly rules: readonly RuleId[];
  readonly approval: Approval;
  /** The policies that asked for it: under others it is asked for anew. */
  readonly policy: Digest;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly status: ReviewStatus;
  readonly answer?: ReviewAnswer | undefined;
}

export interface ReviewAnswer {
  readonly by: string;
  readonly at: Instant;
  readonly note: string | undefined;
}

export interface ReviewQuery {
  readonly status: ReviewStatus | undefined;
  readonly tenant: string;
  /** Reviews whose id sorts after this one. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface ReviewStore {
  /**
   * Answers with the review of the same fingerprint and policies that is approved, denied or
   * pending and has not expired; where there is none, stores this one. Never rejects.
   */
  request(
    review: Review,
  ): Promise<
    | { readonly kind: "stored"; readonly review: Review }
    | { readonly kind: "unreachable"; readonly cause: Error }
  >;
  /** Turns an approval into `used`, once among all processes; false: it was, or it has expired. */
  use(id: ReviewId, now: Instant): Promise<boolean>;
  pending(limit: number): Promise<readonly Review[]>;
  find(id: string): Promise<Review | undefined>;
  list(query: ReviewQuery): Promise<readonly Review[]>;
  /** Undefined: it is not pending any more. Rejects where the store cannot be written. */
  answer(
    id: ReviewId,
    status: "approved" | "denied",
    answer: ReviewAnswer,
  ): Promise<Review | undefined>;
}
