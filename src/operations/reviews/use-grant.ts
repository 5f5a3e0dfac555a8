/** A grant is used up when its call goes out: once among all processes. */
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import type { Review } from "../../core/review/review.ts";
import type { ReviewStore } from "../../core/review/review-store.ts";
import { use } from "../../core/review/speak.ts";
import type { Instant, ReviewId, TenantId } from "../../core/units.ts";
import { errorOf } from "../../lib/caught.ts";
import { applyChange, type Applied } from "./apply-change.ts";
import { grantGone } from "../../pipeline/review.ts";

export async function useGrant(
  tenant: TenantId,
  grant: ReviewId,
  { reviews, now }: { readonly reviews: ReviewStore; readonly now: () => Instant },
): Promise<Verdict<ReviewId>> {
  try {
    const granted = await reviews.find(tenant, grant);
    const take = (standing: Review): Applied | undefined => {
      const review = use(standing, now());
      return review && { review };
    };
    const used = granted && (await applyChange(granted, take, reviews));
    return used === undefined ? halt(grantGone(grant)) : pass(grant);
  } catch (error) {
    // What cannot be marked as used is not used.
    const cause = errorOf(error);
    return halt({ ...grantGone(grant), code: "review_unavailable", cause });
  }
}
