import { foldName, withoutTail } from "../fold-name.ts";

/**
 * Globs of policy files. `*` is the only special character. In a name it stands for any run of
 * characters; in a path for any run inside one segment, and `**` for any run of whole segments.
 * Matching takes the leftmost place for each literal piece, which is exact for stars alone and
 * never goes back: the time is linear in the text for a given pattern.
 */
export interface Glob {
  readonly text: string;
  readonly kind: "any" | "exact" | "prefix" | "pattern";
  /** The whole text if exact, else what stands before the first star. */
  readonly literal: string;
  readonly pieces: readonly string[];
}

export interface PathGlob {
  readonly text: string;
  /** Runs of segments between `**`; each segment is a glob of its own. */
  readonly runs: readonly (readonly Glob[])[];
}

export function nameGlob(text: string): Glob {
  const pieces = text.split("*");
  const literal = pieces[0] ?? "";
  return Object.freeze({ text, kind: kindOf(text, pieces), literal, pieces });
}

/** The glob that `foldName` of each of its names fits, and of their respellings. */
export function foldedGlob({ pieces }: Glob): Glob {
  const folded = pieces.map(foldName);
  const text = folded.join("*");
  return Object.freeze({
    text,
    kind: kindOf(text, folded),
    literal: folded[0] ?? "",
    pieces: folded,
  });
}

function kindOf(text: string, pieces: readonly string[]): Glob["kind"] {
  if (pieces.length === 1) return "exact";
  if (pieces.every((piece) => piece === "")) return "any";
  return text.indexOf("*") === text.length - 1 ? "prefix" : "pattern";
}

export function matchesName(glob: Glob, text: string): boolean {
  switch (glob.kind) {
    case "any":
      return true;
    case "exact":
      return text === glob.literal;
    case "prefix":
      return text.startsWith(glob.literal);
    case "pattern":
      return matchesPieces(glob.pieces, text);
  }
}

function matchesPieces(pieces: readonly string[], text: string): boolean {
  const last = pieces.length - 1;
  const head = pieces[0] ?? "";
  const tail = pieces[last] ?? "";
  if (text.length < head.length + tail.length) return false;
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  const end = text.length - tail.length;
  let at = head.length;
  for (let i = 1; i < last; i += 1) {
    const piece = pieces[i] ?? "";
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** No globs at all means "any": the selector did not narrow this part. */
export function matchesAnyName(globs: readonly Glob[], text: string): boolean {
  if (globs.length === 0) return true;
  for (const glob of globs) if (matchesName(glob, text)) return true;
  return false;
}

/** `text` starts with a slash, or is `**`. */
export function pathGlob(text: string): PathGlob {
  const runs: Glob[][] = [[]];
  for (const segment of segmentsOf(text)) {
    if (segment === "**") runs.push([]);
    else runs.at(-1)?.push(nameGlob(segment));
  }
  return Object.freeze({ text, runs });
}

/** The glob that `foldPath` of each of its paths fits. */
export function foldedPathGlob({ text, runs }: PathGlob): PathGlob {
  const folded = (glob: Glob): Glob => nameGlob(withoutTail(foldedGlob(glob).text));
  return Object.freeze({ text, runs: runs.map((run) => run.map(folded)) });
}

export function matchesAnyPath(globs: readonly PathGlob[], path: string): boolean {
  if (globs.length === 0) return true;
  const segments = segmentsOf(path);
  for (const glob of globs) if (matchesPath(glob, segments)) return true;
  return false;
}

function segmentsOf(path: string): readonly string[] {
  return (path.startsWith("/") ? path.slice(1) : path).split("/");
}

function matchesPath(glob: PathGlob, segments: readonly string[]): boolean {
  const { runs } = glob;
  const last = runs.length - 1;
  const head = runs[0] ?? [];
  if (last === 0) return segments.length === head.length && runMatches(head, segments, 0);

  const tail = runs[last] ?? [];
  const end = segments.length - tail.length;
  if (end < head.length) return false;
  if (!runMatches(head, segments, 0) || !runMatches(tail, segments, end)) return false;
  let at = head.length;
  for (let i = 1; i < last; i += 1) {
    const run = runs[i] ?? [];
    while (at + run.length <= end && !runMatches(run, segments, at)) at += 1;
    if (at + run.length > end) return false;
    at += run.length;
  }
  return true;
}

/** A lone star is a segment, and a segment is not empty: `/a/*` does not match `/a/`. */
function runMatches(run: readonly Glob[], segments: readonly string[], at: number): boolean {
  for (const [i, glob] of run.entries()) {
    const segment = segments[at + i];
    if (segment === undefined) return false;
    if (segment === "" && glob.kind !== "exact") return false;
    if (!matchesName(glob, segment)) return false;
  }
  return true;
}

/** Whether some text matches both. Quadratic in the lengths of the globs, which are bounded. */
export function globsMeet(a: Glob, b: Glob): boolean {
  let row = new Set([0]);
  for (let i = 0; i <= a.text.length; i += 1) {
    const reached = closure(row, b.text, a.text[i] === "*");
    if (i === a.text.length) return reached.has(b.text.length);
    row = step(reached, a.text.charAt(i), b.text);
  }
  return false;
}

/** Positions in `b` reachable without consuming more of `a`: past stars, or anywhere under one. */
function closure(from: ReadonlySet<number>, b: string, underStar: boolean): Set<number> {
  const reached = new Set(from);
  for (const at of reached) {
    if (at < b.length && (underStar || b[at] === "*")) reached.add(at + 1);
  }
  return reached;
}

function step(from: ReadonlySet<number>, char: string, b: string): Set<number> {
  const next = new Set<number>();
  for (const at of from) {
    if (char === "*" || b[at] === "*") next.add(at);
    if (b[at] === char && char !== "*") next.add(at + 1);
  }
  return next;
}

/** Whether everything `b` matches is matched by `a`. May say no where it is so. */
export function globCovers(a: Glob, b: Glob): boolean {
  // A star of `b` can only be matched by a star of `a`, so this is sound.
  return matchesName(a, b.text);
}
