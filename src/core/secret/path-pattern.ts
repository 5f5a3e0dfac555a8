/**
 * Path globs of credential bindings: `*` stands for anything within a segment, `**` for anything at
 * all. Matching is linear in path × pattern, whatever either contains.
 */
export type PathPattern = (path: string) => boolean;

export const PATTERN_CHARS_MAX = 512;

const STAR = "*";
const GLOBSTAR = "**";
/** Tokens that are not UTF-16 units. */
const ANY_IN_SEGMENT = -1;
const ANY = -2;
const SLASH = 0x2f;

/** `pattern` starts with a slash and is at most PATTERN_CHARS_MAX long. */
export function pathPattern(pattern: string): PathPattern {
  const first = pattern.indexOf(STAR);
  if (first === -1) return (path) => path === pattern;
  if (first === pattern.length - GLOBSTAR.length && pattern.endsWith(GLOBSTAR)) {
    const prefix = pattern.slice(0, first);
    return (path) => path.startsWith(prefix);
  }
  return automaton(pattern.slice(0, first), tokensOf(pattern.slice(first)));
}

/** UTF-16 units, and the two stars as negative numbers. */
function tokensOf(pattern: string): readonly number[] {
  const tokens: number[] = [];
  for (const [token] of pattern.matchAll(/\*{2,}|[^]/g)) {
    if (token === STAR) tokens.push(ANY_IN_SEGMENT);
    else tokens.push(token.startsWith(STAR) ? ANY : token.charCodeAt(0));
  }
  return tokens;
}

/**
 * Walks the path once with all the places in the pattern where it could be: a nondeterministic
 * automaton by hand. Its two sets of places are reused, since nothing runs between two matches.
 */
function automaton(prefix: string, tokens: readonly number[]): PathPattern {
  const end = tokens.length;
  const sets = [new Uint8Array(end + 1), new Uint8Array(end + 1)] as const;
  return (path) => {
    if (!path.startsWith(prefix)) return false;
    let [here, next] = sets;
    here.fill(0);
    enter(tokens, here, 0);
    for (let i = prefix.length; i < path.length; i += 1) {
      const unit = path.charCodeAt(i);
      next.fill(0);
      for (let at = 0; at < end; at += 1) {
        if (here[at] === 0) continue;
        const token = tokens[at];
        if (token === ANY || (token === ANY_IN_SEGMENT && unit !== SLASH)) enter(tokens, next, at);
        else if (token === unit) enter(tokens, next, at + 1);
      }
      [here, next] = [next, here];
    }
    return here[end] === 1;
  };
}

/** A star may stand for nothing, so what follows it is reached at the same time. */
function enter(tokens: readonly number[], places: Uint8Array, from: number): void {
  for (let at = from; ; at += 1) {
    places[at] = 1;
    if ((tokens[at] ?? 0) >= 0) return;
  }
}
