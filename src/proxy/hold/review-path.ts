/** Where a review tells how it stands, on the data plane; its id follows. */
export const REVIEW_PATH = "/-/reviews/";
