/**
 * Path globs of credential bindings: `*` stands for anything within a segment, `**` for anything at
 * all. Matching is linear in path × pattern, whatever either contains.
 */
export type PathPattern = (path: string) => boolean;

export const PATTERN_CHARS_MAX = 512;

const STAR = "*";
const GLOBSTAR = "**";

/** `pattern` starts with a slash and is at most PATTERN_CHARS_MAX long. */
export function pathPattern(pattern: string): PathPattern {
  const first = pattern.indexOf(STAR);
  if (first === -1) return (path) => path === pattern;
  if (first === pattern.length - GLOBSTAR.length && pattern.endsWith(GLOBSTAR)) {
    const prefix = pattern.slice(0, first);
    return (path) => path.startsWith(prefix);
  }
  const tokens = tokensOf(pattern);
  return (path) => matches(tokens, path);
}

function tokensOf(pattern: string): readonly string[] {
  return pattern.replaceAll(/\*{3,}/gu, GLOBSTAR).match(/\*\*|[^]/gu) ?? [];
}

/** Walks the path once with all the places in the pattern where it could be (an NFA by hand). */
function matches(tokens: readonly string[], path: string): boolean {
  let here = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  enter(tokens, here, 0);
  for (const char of path) {
    next.fill(0);
    for (let at = 0; at < tokens.length; at += 1) {
      if (here[at] === 0) continue;
      const token = tokens[at];
      if (token === GLOBSTAR || (token === STAR && char !== "/")) enter(tokens, next, at);
      else if (token === char) enter(tokens, next, at + 1);
    }
    [here, next] = [next, here];
  }
  return here[tokens.length] === 1;
}

/** A star may stand for nothing, so what follows it is reached at the same time. */
function enter(tokens: readonly string[], states: Uint8Array, from: number): void {
  for (let at = from; ; at += 1) {
    states[at] = 1;
    if (tokens[at] !== STAR && tokens[at] !== GLOBSTAR) return;
  }
}
