const ASCII = /^[\u0021-\u0024\u0026-\u007e]*$/;
/** What no reader sees: joiners, soft hyphens, marks of order and of variants, tags. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const PERCENT_RUN = /(?:%[0-9a-f]{2})+/gi;

/**
 * A name as the least exact of servers reads it: blind to case, to Unicode's forms of one letter,
 * to percent encoding, to characters that nobody sees and to space around it. Two names that fold
 * to the same may be the same tool. Upper case comes last, because a letter's lower case can depend
 * on its neighbours.
 *
 * @see https://www.unicode.org/reports/tr15/ and https://www.unicode.org/reports/tr31/
 */
export function foldName(name: string): string {
  if (ASCII.test(name)) return name.toUpperCase();
  const decoded = name.replace(PERCENT_RUN, decodedRun);
  const visible = decoded.normalize("NFKC").replace(IGNORABLE, "").trim();
  return visible.toLowerCase().toUpperCase().normalize("NFKC");
}

function decodedRun(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    // Not UTF-8: no reader makes a letter of it.
    return run;
  }
}

/** The same of a URI, after what a URL parser does to it: `file://localhost/a` is `file:///a`. */
export function foldAddress(uri: string): string {
  return foldName(URL.parse(uri)?.href ?? uri);
}

/** More layers of percent encoding than servers in a row take off. */
const LAYERS_MAX = 4;

/**
 * A path in the same way, by segments: some servers also read a backslash as a slash, merge empty
 * segments, and cut off what looks like parameters, or dots and spaces at the end (Windows).
 */
export function foldPath(path: string): string {
  let folded = foldName(path);
  for (let i = 1; i < LAYERS_MAX && folded.includes("%"); i += 1) folded = foldName(folded);
  if (PLAIN_PATH.test(folded)) return folded;
  const segments = folded.replaceAll("\\", "/").split("/").map(withoutTail);
  return `/${segments.filter((segment) => segment !== "").join("/")}`;
}

/** Nothing to cut off and nothing to merge. */
const PLAIN_PATH = /^(?:\/[^/\\. ;?#]+)+$/;

/** A folded segment of a path, or a glob for one. */
export function withoutTail(segment: string): string {
  const cut = segment.search(/[;?#]/);
  let end = cut === -1 ? segment.length : cut;
  // By hand: a pattern for what stands at the end takes quadratic time.
  while (end > 0 && (segment[end - 1] === "." || segment[end - 1] === " ")) end -= 1;
  return segment.slice(0, end);
}
