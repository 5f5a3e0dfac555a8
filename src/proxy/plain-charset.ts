/**
 * Whether bytes of this content type may be judged as UTF-8. A reader that goes by another charset
 * sees another text: `+ACI-` ends a string in UTF-7, and UTF-16 hides every word from a scan.
 */
export function isPlainCharset(contentType: string): boolean {
  const named = contentType.toLowerCase().split("charset").length - 1;
  return named === 0 || (named === 1 && PLAIN.test(contentType));
}

/** Those whose ASCII is ASCII; bytes beyond it that are not UTF-8 are judged by nobody. */
const PLAIN =
  /;\s*charset\s*=\s*"?(?:utf-?8|us-ascii|ascii|iso-8859-1|latin1|windows-1252)"?\s*(?:;|$)/i;
