import type { Digest, Instant, ReviewId, TenantId } from "../units.ts";
import type { Review, ReviewStatus } from "./review.ts";

export interface ReviewQuery {
  readonly tenant: TenantId;
  /** Undefined: whatever their status. */
  readonly status?: ReviewStatus | undefined;
  readonly agent?: string | undefined;
  /** Reviews whose id sorts after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export type RequestReply =
  /** The review that stands for this call: the one that was asked for, or one that was there. */
  | { readonly kind: "stored"; readonly review: Review }
  | { readonly kind: "unreachable"; readonly cause: Error };

/**
 * Reviews and grants, on whatever disk. Everything a person or a call makes of a review is a pure
 * function of `core/review`; the store keeps the result where nobody else was faster.
 */
export interface ReviewStore {
  /**
   * Answers with the review of the same fingerprint that waits, or that was answered under the same
   * policies, and has not expired; where there is none, stores this one. Never rejects.
   */
  request(review: Review): Promise<RequestReply>;
  find(tenant: TenantId, id: string): Promise<Review | undefined>;
  /** By id, ascending: oldest first. */
  list(query: ReviewQuery): Promise<readonly Review[]>;
  /**
   * `after` takes the place of the review of revision `after.revision - 1`, once among all
   * processes; `opened` comes to be with it. False: somebody was faster. Rejects where the store
   * cannot be written.
   */
  change(after: Review, opened?: Review): Promise<boolean>;
  /** The override of this fingerprint that stands now. Rejects where the store cannot be read. */
  override(tenant: TenantId, fingerprint: Digest): Promise<Review | undefined>;
  /** Reviews, of whatever tenant, of which somebody has to be told by now. */
  unattended(now: Instant, limit: number): Promise<readonly Review[]>;
  /**
   * Calls `told` when a review may have changed, whichever process changed it: with its id where
   * that is known.
   */
  watch(told: (id: ReviewId | undefined) => void): Disposable;
}
