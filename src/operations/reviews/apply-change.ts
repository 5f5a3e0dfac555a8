import type { Review } from "../../core/review/review.ts";
import type { ReviewStore } from "../../core/review/review-store.ts";

/** Somebody may be told of the review, or assign it, at the same moment. */
const TRIES_MAX = 4;

export interface Applied {
  readonly review: Review;
  readonly opened?: Review | undefined;
}

/**
 * Makes of the review what `make` says, of how it stands now: undefined there or here is a no.
 * Rejects where the store is away.
 */
export async function applyChange(
  review: Review,
  make: (standing: Review) => Applied | undefined,
  reviews: ReviewStore,
): Promise<Applied | undefined> {
  let standing: Review | undefined = review;
  for (let tries = 0; tries < TRIES_MAX && standing !== undefined; tries += 1) {
    const made = make(standing);
    if (made === undefined) return undefined;
    // What changes nothing, such as the use of an override, needs no writing.
    if (made.review === standing || (await reviews.change(made.review, made.opened))) return made;
    standing = await reviews.find(review.principal.tenant, review.id);
  }
  return undefined;
}
