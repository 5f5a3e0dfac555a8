/** Per agent, so that one in a loop neither fills the store nor hides what others ask for. */
export const PENDING_REVIEWS_MAX = 100;

/** A call that no person could read is not stored for one. */
export const REVIEW_CHARS_MAX = 1_048_576;

/** How long a review is shown after its end. */
export const REVIEW_KEPT_MS = 30 * 86_400_000;

/** Old reviews that one request takes away on its way. */
export const REVIEWS_PRUNED_AT_ONCE = 100;

export function tooManyReviews(agent: string): Error {
  return new RangeError(`${PENDING_REVIEWS_MAX} reviews of ${agent} wait already`);
}

/** Throws RangeError. */
export function reviewText(review: object): string {
  const body = JSON.stringify(review);
  if (body.length <= REVIEW_CHARS_MAX) return body;
  throw new RangeError(`a call of ${body.length} characters is too large to be reviewed`);
}
