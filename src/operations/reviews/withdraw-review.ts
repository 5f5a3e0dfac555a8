import type { Review } from "../../core/review/review.ts";
import { withdraw } from "../../core/review/speak.ts";
import type { ReviewId, TenantId } from "../../core/units.ts";
import { applyChange, type Applied } from "./apply-change.ts";
import { changeReviews, type ReviewPorts } from "./change-reviews.ts";

/** Who asked does not want it any more. False: it is answered and used, over, or cannot be written. */
export async function withdrawReview(
  tenant: TenantId,
  reviewId: ReviewId,
  ports: ReviewPorts,
): Promise<boolean> {
  const make = (standing: Review): Applied | undefined => {
    const after = withdraw(standing, ports.now());
    return after && { review: after };
  };
  const review = await ports.reviews.find(tenant, reviewId);
  if (review === undefined || make(review) === undefined) return false;
  const { agent } = review.principal;
  const { exchange } = review;
  const change = { change: "review.withdrawn", about: review.id, by: agent, detail: { exchange } };
  const write = (): Promise<Applied | undefined> => applyChange(review, make, ports.reviews);
  return (await changeReviews(change, tenant, write, ports)).kind === "done";
}
