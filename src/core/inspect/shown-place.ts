/**
 * The place of a finding as it may be told. Maps are keyed by addresses, names and tokens, and a
 * finding goes to ledgers, logs and agents: a key that could be such a value is a `*`, which `fields:`
 * of an exception read as any.
 */

/** Words, and the short identifiers that programs choose; `~` escapes in pointers. */
const WORDS = /^[\p{L}_$][\p{L}_$.:~-]{0,47}$/u;
const IDENTIFIER = /^[\p{L}\p{N}_$.:~-]{0,15}$/u;
const INDEX = /^\d{1,6}$/;
const DIGITS_MAX = 3;
export const HIDDEN_KEY = "*";

/** `place`: a JSON pointer, maybe with a name of what it points into before it; or a name alone. */
export function shownPlace(place: string): string {
  const [into = "", ...keys] = place.split("/");
  return [into, ...keys.map((key) => (isHarmless(key) ? key : HIDDEN_KEY))].join("/");
}

function isHarmless(key: string): boolean {
  if (INDEX.test(key) || key === HIDDEN_KEY) return true;
  // `~1` and `~0` stand for what pointers cannot hold, and are no digits of the key.
  const digits = key.replaceAll(/~[01]|\P{N}/gu, "").length;
  return (
    WORDS.test(key.replaceAll(/~[01]/g, "~")) || (IDENTIFIER.test(key) && digits <= DIGITS_MAX)
  );
}
