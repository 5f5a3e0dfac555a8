/**
 * Why a look did not see all of a text, in the words of refusals: JSON that nests deeper than is
 * walked, or encodings and disguises that take more work than a text of its length pays for.
 */
export const NOT_ALL_SEEN = "more nesting, or more encoded text, in it than is looked at";
