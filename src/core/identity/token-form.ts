/** What a JWT looks like, before anybody checks its signature. */

/** `typ` of tokens that Sallyport issues; the header is written in this order of members. */
export const TOKEN_TYPE = "sallyport+jwt";

/** Base64 of `{"alg":"EdDSA","typ":"sallyport+jwt","kid"`: ours are known at sight. */
const OURS = "eyJhbGciOiJFZERTQSIsInR5cCI6InNhbGx5cG9ydCtqd3QiLCJraWQi";
const SHAPE = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/u;

/** Longer ones are nobody's; service-account tokens have some 1,000 characters. */
export const TOKEN_CHARS_MAX = 8_192;

export function isOwnToken(text: string): boolean {
  return text.startsWith(OURS) && isToken(text);
}

export function isToken(text: string): boolean {
  return text.length <= TOKEN_CHARS_MAX && SHAPE.test(text);
}
