/** A grant is used up when its call goes out: once among all processes. */
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import type { ReviewStore } from "../../core/review/review-store.ts";
import { use } from "../../core/review/speak.ts";
import type { Instant, ReviewId, TenantId } from "../../core/units.ts";
import { grantGone } from "../../pipeline/review.ts";

/** Somebody may be told of the review, or assign it, at the same moment. */
const TRIES_MAX = 3;

export async function useGrant(
  tenant: TenantId,
  grant: ReviewId,
  { reviews, now }: { readonly reviews: ReviewStore; readonly now: () => Instant },
): Promise<Verdict<ReviewId>> {
  try {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const review = await reviews.find(tenant, grant);
      const used = review && use(review, now());
      if (used === undefined) break;
      if (used === review || (await reviews.change(used))) return pass(grant);
    }
    return halt(grantGone(grant));
  } catch (error) {
    // What cannot be marked as used is not used.
    const cause = error instanceof Error ? error : new Error(String(error));
    return halt({ ...grantGone(grant), code: "review_unavailable", cause });
  }
}
