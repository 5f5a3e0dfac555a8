/**
 * An address taken apart by hand, beside what the URL standard makes of it: where the two differ,
 * somebody may be lying to one reader or the other.
 */
import { percentDecoded } from "./percent-decoded.ts";

export interface Destination {
  readonly scheme: string;
  /** As written, percent-decoded, in lower case; without user and port. */
  readonly writtenHost: string;
  /** As the URL standard reads it; empty where it refuses. */
  readonly host: string;
  /** Labels as written: base64 in host names needs its capitals. */
  readonly rawHost: string;
  readonly user: string;
  readonly port: string;
  /** Everything behind the host, decoded once. */
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
  /** Signs that readers of addresses disagree about. */
  readonly ambiguous: boolean;
}

const SCHEME = /^([a-z][a-z\d+.-]{0,15}):([\\/]*)/i;

export function parseDestination(text: string): Destination | undefined {
  const scheme = SCHEME.exec(text);
  if (scheme === null) return undefined;
  const rest = text.slice(scheme[0].length);
  const end = rest.search(/[/?#\\]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const behind = end < 0 ? "" : rest.slice(end);
  const at = authority.lastIndexOf("@");
  const hostPort = authority.slice(at + 1);
  const port = /:(\d{0,5})$/.exec(hostPort)?.[1] ?? "";
  const rawHost = hostPort.replace(/:\d{0,5}$/, "");
  const hash = behind.indexOf("#");
  const beforeHash = hash < 0 ? behind : behind.slice(0, hash);
  const question = beforeHash.indexOf("?");
  return {
    scheme: scheme[1]?.toLowerCase() ?? "",
    writtenHost: percentDecoded(rawHost).toLowerCase(),
    host: standardHost(text),
    rawHost,
    user: at < 0 ? "" : percentDecoded(authority.slice(0, at)),
    port,
    path: question < 0 ? beforeHash : beforeHash.slice(0, question),
    query: question < 0 ? "" : beforeHash.slice(question + 1),
    fragment: hash < 0 ? "" : behind.slice(hash + 1),
    ambiguous: isAmbiguous(authority, behind, scheme[2] ?? ""),
  };
}

function isAmbiguous(authority: string, behind: string, slashes: string): boolean {
  return (
    slashes.includes("\\") ||
    behind.startsWith("\\") ||
    /^[#?][^/?#]*@[\w.[\]-]+/.test(behind) ||
    /%(?:00|09|0a|0d|23|2f|3f|40|5c)|[\s"|^`]/i.test(authority)
  );
}

/** Without an error where the standard refuses: one costs as much as a hundred addresses. */
function standardHost(text: string): string {
  const host = URL.parse(text)?.hostname ?? "";
  return host.endsWith(".") ? host.slice(0, -1) : host;
}
