const SLASH = String.raw`(?:[/\\]|%(?:25)*(?:2f|5c))`;
const DOT = String.raw`(?:\.|%(?:25)*2e)`;
const DOT_SEGMENT = new RegExp(`${SLASH}${DOT}{1,2}(?:$|[?#]|${SLASH})`, "i");

/**
 * Whether some readers would walk up from where others stay: a `.` or `..` segment in any encoding.
 * A rule would judge the one place, and the server open the other.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
 */
export function hasDotSegments(uri: string): boolean {
  return DOT_SEGMENT.test(uri);
}
