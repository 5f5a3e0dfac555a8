import type { Approval } from "../decision.ts";
import type { Action } from "../action.ts";
import type { Principal } from "../principal.ts";
import type { Digest, ExchangeId, Instant, ReviewId, RuleId } from "../units.ts";

/** A call that waits for a human. Answering it comes with the review issue; it is stored now. */
export interface Review {
  readonly id: ReviewId;
  readonly exchange: ExchangeId;
  readonly principal: Principal;
  readonly action: Action;
  /** Hash of principal and action: the same call asked again finds the same review. */
  readonly fingerprint: Digest;
  readonly rules: readonly RuleId[];
  readonly approval: Approval;
  readonly policy: Digest;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly status: "pending" | "expired";
}

export interface ReviewStore {
  /** Stores the review, or answers with the pending one of the same fingerprint. Never rejects. */
  request(
    review: Review,
  ): Promise<
    | { readonly kind: "stored"; readonly review: Review }
    | { readonly kind: "unreachable"; readonly cause: Error }
  >;
  pending(limit: number): Promise<readonly Review[]>;
}
