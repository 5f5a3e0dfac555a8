/**
 * Splits `/<upstream>/<path>?<query>` and makes the path judgeable. What was judged is what is
 * sent, so a path that two readers could read differently is refused instead of repaired.
 *
 * @see RFC 3986 §3.3, §6.2.2; RFC 9112 §3.2
 */

const TARGET_CHARS_MAX = 16_384;

export interface RequestTarget {
  /** First segment: the upstream's name, `mcp`, or `-`. */
  readonly head: string;
  /** What follows it as received; `/` if nothing does. */
  readonly rawPath: string;
  /** The same, percent-decoded once; an encoded slash stays encoded, so `*` still means a segment. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

export type TargetReading =
  | { readonly kind: "ok"; readonly target: RequestTarget }
  | { readonly kind: "problem"; readonly message: string };

const problem = (message: string): TargetReading => ({ kind: "problem", message });

/** Anything beyond these in a path takes the slow, careful way. */
const PLAIN = /^[A-Za-z0-9/_.~!$&'()*+,=:@-]*$/;

export function readRequestTarget(url: string): TargetReading {
  if (url.length > TARGET_CHARS_MAX) return problem("The request target is too long.");
  if (url.charCodeAt(0) !== 0x2f) {
    return problem("The request target must be a path: /<upstream>/<path>.");
  }
  const mark = url.indexOf("?");
  const whole = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? "" : url.slice(mark);
  if (whole.includes("#") || query.includes("#")) {
    return problem("The request target must not have a fragment.");
  }
  const slash = whole.indexOf("/", 1);
  const head = slash === -1 ? whole.slice(1) : whole.slice(1, slash);
  const rawPath = slash === -1 ? "/" : whole.slice(slash);
  const path = judgeablePath(rawPath);
  if (path.kind === "problem") return path;
  return { kind: "ok", target: { head, rawPath, path: path.text, query } };
}

type PathReading =
  | { readonly kind: "ok"; readonly text: string }
  | { readonly kind: "problem"; readonly message: string };

function judgeablePath(raw: string): PathReading {
  if (PLAIN.test(raw) && !raw.includes("/.") && !raw.includes("//")) {
    return { kind: "ok", text: raw };
  }
  // Servers that merge slashes would see another path than policy; a last slash is only a name.
  if (raw.includes("//")) return problemPath("The path must not have empty segments.");
  const segments: string[] = [];
  for (const segment of raw.split("/")) {
    const read = judgeableSegment(segment);
    if (read.kind === "problem") return read;
    segments.push(read.text);
  }
  return { kind: "ok", text: segments.join("/") };
}

function judgeableSegment(raw: string): PathReading {
  // Servlet containers cut parameters off before they look a path up.
  if (raw.includes(";")) return problemPath("The path must not have parameters (;): write %3B.");
  const text = decodeSegment(raw);
  if (text === undefined) return problemPath("The path has an invalid percent-encoding.");
  if (climbs(text) || climbs(decodeSegment(text) ?? text)) {
    return problemPath("The path must not have dot segments.");
  }
  if (hasControl(text)) return problemPath("The path must not have control characters.");
  if (text.includes("\\")) return problemPath("The path must not have backslashes.");
  return { kind: "ok", text: text.replaceAll("/", "%2F") };
}

function decodeSegment(raw: string): string | undefined {
  if (!raw.includes("%")) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** Also behind an encoded slash, and encoded twice: some servers decode before they resolve. */
function climbs(text: string): boolean {
  if (!text.includes(".")) return false;
  return text.split(/[/\\]/).some((part) => /^\.\.?(?:;|$)/.test(part));
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function problemPath(message: string): PathReading {
  return { kind: "problem", message };
}
