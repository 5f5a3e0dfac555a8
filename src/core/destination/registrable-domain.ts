/** The only file that knows the package with the public suffix list. */
import type * as Tldts from "tldts";
import { onNeed } from "../../lib/on-need.ts";

const tldts = onNeed<typeof Tldts>("tldts");

export interface DomainName {
  /** Lower case, without a trailing dot; punycode where it was Unicode. */
  readonly host: string;
  /** What somebody registered: `example.co.uk`, `user.github.io`; empty for a bare suffix. */
  readonly domain: string;
  /** Its first label. */
  readonly name: string;
  /** Labels before it, joined; empty without any. */
  readonly subdomain: string;
  readonly suffix: string;
  /** Users of a service register there: `github.io`, `vercel.app`. */
  readonly hosted: boolean;
}

const OPTIONS = {
  allowPrivateDomains: true,
  detectIp: false,
  extractHostname: false,
  validateHostname: false,
} as const;

export function domainName(host: string): DomainName {
  const found = tldts().parse(host, OPTIONS);
  return {
    host,
    domain: found.domain ?? "",
    name: found.domainWithoutSuffix ?? "",
    subdomain: found.subdomain ?? "",
    suffix: found.publicSuffix ?? "",
    hosted: found.isPrivate === true,
  };
}

/** Reads the list, which no request must wait for. */
export function loadSuffixes(): void {
  tldts();
}
