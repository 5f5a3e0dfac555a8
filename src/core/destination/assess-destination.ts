/** Judges an address without asking anybody: by its form, its name and what is known of names. */
import { NO_DOMAINS, type DomainList } from "./domain-list.ts";
import { doubtFactors } from "./doubtful-name.ts";
import { exfiltrationFactors } from "./exfiltration-shape.ts";
import { NO_FEEDS, type DestinationFeeds } from "./feed.ts";
import type { DestinationKind, Factor } from "./factor.ts";
import { internalFactors } from "./internal-address.ts";
import { ESTABLISHED_DOMAINS } from "./known-domains.ts";
import { lookAlikeFactors } from "./look-alike.ts";
import { parseDestination } from "./parse-destination.ts";
import { domainName } from "./registrable-domain.ts";

export interface DestinationLists {
  /** Nothing but an inside address makes these doubtful. */
  readonly trusted: DomainList;
  readonly blocked: DomainList;
  readonly feeds: DestinationFeeds;
}

export const NO_LISTS: DestinationLists = {
  trusted: NO_DOMAINS,
  blocked: NO_DOMAINS,
  feeds: NO_FEEDS,
};

export interface Suspicion {
  readonly kind: DestinationKind;
  /** 0–100. */
  readonly score: number;
  /** 0–1: two reasons are surer than one. */
  readonly confidence: number;
  /** The heaviest first, at most three. */
  readonly factors: readonly string[];
}

export interface Assessment {
  readonly host: string;
  readonly domain: string;
  /** The heaviest first; empty for an address that nothing speaks against. */
  readonly suspicions: readonly Suspicion[];
}

const FACTORS_SHOWN = 3;
const NOTHING: readonly Factor[] = [];

export function assessDestination(text: string, lists: DestinationLists): Assessment {
  const destination = parseDestination(text);
  if (destination === undefined) return { host: "", domain: "", suspicions: [] };
  const domain = domainName(destination.host);
  const { host } = destination;
  const inside = internalFactors(destination);
  if (lists.blocked.has(host)) {
    const listed: Factor = { kind: "listed", name: "blocked-by-list", weight: 1 };
    return { host, domain: domain.domain, suspicions: suspicionsOf([listed, ...inside]) };
  }
  const own = lists.trusted.has(host);
  const listing = own ? undefined : lists.feeds.listing(destination);
  if (listing?.as === "blocked") {
    const listed: Factor = { kind: "listed", name: `listed-by-${listing.feed}`, weight: 1 };
    return { host, domain: domain.domain, suspicions: suspicionsOf([listed, ...inside]) };
  }
  const trusted = own || listing !== undefined;
  const established = isEstablished(host, domain.domain);
  const outside = trusted
    ? NOTHING
    : [
        ...(established ? NOTHING : lookAlikeFactors(domain, destination.path)),
        ...(established ? NOTHING : doubtFactors(destination, domain)),
        ...exfiltrationFactors(destination, domain, established),
      ];
  return { host, domain: domain.domain, suspicions: suspicionsOf([...inside, ...outside]) };
}

/** Also below a shared suffix that its owner uses for itself, as `s3.amazonaws.com`. */
function isEstablished(host: string, domain: string): boolean {
  return ESTABLISHED_DOMAINS.has(domain) || ESTABLISHED_DOMAINS.has(host);
}

function suspicionsOf(factors: readonly Factor[]): readonly Suspicion[] {
  if (factors.length === 0) return [];
  const kinds = new Set(factors.map(({ kind }) => kind));
  return [...kinds]
    .map((kind) => {
      const own = factors.filter((factor) => factor.kind === kind);
      const sorted = own.toSorted((a, b) => b.weight - a.weight);
      const innocent = sorted.reduce((chance, { weight }) => chance * (1 - weight), 1);
      return {
        kind,
        score: Math.round(100 * (1 - innocent)),
        confidence: Math.min(0.99, (sorted[0]?.weight ?? 0) + 0.05 * (sorted.length - 1)),
        factors: sorted.slice(0, FACTORS_SHOWN).map(({ name }) => name),
      };
    })
    .toSorted((a, b) => b.score - a.score);
}
