/**
 * Lists of addresses that somebody else keeps: domains, URLs, IP addresses and ranges, from files
 * that the configuration names. Looking one up costs the same however long the lists are, but for
 * address ranges.
 */
import { parseAddress } from "../address/parse-address.ts";
import { within, type AddressRange } from "../address/address-range.ts";
import { digestOf } from "../../lib/canonical-json.ts";
import { NO_DOMAINS, domainList, type DomainList } from "./domain-list.ts";
import type { Destination } from "./parse-destination.ts";

/** What an entry of a feed makes of an address. */
export const FEED_VERDICTS = ["blocked", "trusted"] as const;
export type FeedVerdict = (typeof FEED_VERDICTS)[number];

export interface FeedEntries {
  readonly domains: readonly string[];
  /** By host, beginnings of path and query; `/` is all of the host. */
  readonly urls: ReadonlyMap<string, readonly string[]>;
  readonly ranges: readonly AddressRange[];
}

export interface Feed extends FeedEntries {
  readonly name: string;
  readonly as: FeedVerdict;
}

export interface Listing {
  readonly feed: string;
  readonly as: FeedVerdict;
}

/** All feeds together. */
export interface DestinationFeeds {
  /** Changes with any entry; empty where there are no feeds. */
  readonly digest: string;
  readonly size: number;
  /** The first feed that has the address; those that block before those that trust. */
  listing(destination: Pick<Destination, "host" | "path" | "query">): Listing | undefined;
}

export const NO_FEEDS: DestinationFeeds = { digest: "", size: 0, listing: () => undefined };

interface Lookup {
  readonly listing: Listing;
  readonly domains: DomainList;
  readonly urls: FeedEntries["urls"];
  readonly ranges: readonly AddressRange[];
}

export function destinationFeeds(feeds: readonly Feed[]): DestinationFeeds {
  if (feeds.length === 0) return NO_FEEDS;
  const lookups: readonly Lookup[] = feeds
    .toSorted((a, b) => FEED_VERDICTS.indexOf(a.as) - FEED_VERDICTS.indexOf(b.as))
    .map(({ name, as, domains, urls, ranges }) => ({
      listing: { feed: name, as },
      domains: domains.length === 0 ? NO_DOMAINS : domainList(domains),
      urls,
      ranges,
    }));
  return {
    digest: digestOf<string>(feeds.map(spelled)),
    size: feeds.reduce((sum, feed) => sum + sizeOf(feed), 0),
    listing: (destination) => lookups.find((one) => has(one, destination))?.listing,
  };
}

function sizeOf({ domains, urls, ranges }: FeedEntries): number {
  let size = domains.length + ranges.length;
  for (const paths of urls.values()) size += paths.length;
  return size;
}

function has(
  { domains, urls, ranges }: Lookup,
  { host, path, query }: Parameters<DestinationFeeds["listing"]>[0],
): boolean {
  if (domains.has(host)) return true;
  const paths = urls.get(host);
  if (paths !== undefined) {
    const behind = `${path === "" ? "/" : path}${query === "" ? "" : `?${query}`}`;
    if (paths.some((one) => behind.startsWith(one))) return true;
  }
  if (ranges.length === 0) return false;
  const address = parseAddress(host.replace(/^\[|\]$/g, ""));
  return address !== undefined && ranges.some((range) => within(address, range));
}

function spelled({ name, as, domains, urls, ranges }: Feed): readonly unknown[] {
  const spans = ranges.map(({ bytes, bits }) => `${bytes.join(".")}/${bits}`);
  return [name, as, domains, [...urls].map(([host, paths]) => [host, ...paths]), spans];
}
