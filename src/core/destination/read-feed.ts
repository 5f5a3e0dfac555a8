/**
 * A feed's text: one entry a line, with `until` and a day from which it counts no more, and comments
 * behind `#`. Lines of a hosts file, an address and a name, are read as the name.
 */
import { parseRange, type AddressRange } from "../address/address-range.ts";
import type { Problem } from "../problem.ts";
import { instant, type Instant } from "../units.ts";
import type { FeedEntries } from "./feed.ts";
import { parseDestination } from "./parse-destination.ts";

export interface FeedReading extends FeedEntries {
  readonly problems: readonly Problem[];
  /** When the next of its entries runs out; undefined: none does. */
  readonly nextEnd: Instant | undefined;
}

/** Entries of one feed. */
const FEED_ENTRIES_MAX = 1_000_000;
/** Lines complained of: what is no feed at all needs no more. */
const PROBLEMS_MAX = 20;
const HELP =
  "one entry a line: a domain, an http(s) address, an IP address or a range such as " +
  "192.0.2.0/24, then nothing or `until 2027-01-31`";

const DOMAIN = /^=?(?:\*\.)?(?:[\p{L}\p{N}_-]{1,63}\.)+[\p{L}\p{N}_-]{1,63}\.?$/u;
const HOSTS_LINE = /^(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+(\S+)$/;
const UNTIL = /^(\S+)\s+until\s+(\S+)$/;
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z)?$/;

interface Reading {
  readonly domains: string[];
  readonly urls: Map<string, string[]>;
  readonly ranges: AddressRange[];
  entries: number;
  nextEnd: number;
}

/** `now`: entries that have run out are left out. */
export function readFeed(file: string, text: string, now: Instant): FeedReading {
  const reading: Reading = {
    domains: [],
    urls: new Map(),
    ranges: [],
    entries: 0,
    nextEnd: Infinity,
  };
  const problems: Problem[] = [];
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|[\n\r]/);
  for (let i = 0; i < lines.length; i += 1) {
    const fault = readLine(reading, lines[i] ?? "", now);
    if (fault === undefined) continue;
    problems.push({ file, line: i + 1, column: 1, message: fault, suggestion: HELP });
    if (problems.length >= PROBLEMS_MAX) break;
  }
  const { domains, urls, ranges, nextEnd } = reading;
  const ends = nextEnd === Infinity ? undefined : instant(nextEnd);
  return { domains, urls, ranges, problems, nextEnd: ends };
}

/** What is wrong with the line. */
function readLine(reading: Reading, line: string, now: Instant): string | undefined {
  const plain = line.replace(/(?:^|\s)#.*$/, "").trim();
  if (plain === "") return undefined;
  const timed = UNTIL.exec(plain);
  const entry = HOSTS_LINE.exec(plain)?.[1] ?? timed?.[1] ?? plain;
  if (timed !== null) {
    const end = TIME.test(timed[2] ?? "") ? Date.parse(timed[2] ?? "") : Number.NaN;
    if (Number.isNaN(end)) return `${shown(timed[2] ?? "")} is no day or UTC time`;
    if (end <= now) return undefined;
    reading.nextEnd = Math.min(reading.nextEnd, end);
  }
  reading.entries += 1;
  if (reading.entries > FEED_ENTRIES_MAX) return `there are more than ${FEED_ENTRIES_MAX} entries`;
  return addEntry(reading, entry) ? undefined : `${shown(entry)} is no entry of a feed`;
}

function addEntry({ domains, urls, ranges }: Reading, entry: string): boolean {
  const range = parseRange(entry);
  if (range !== undefined) {
    ranges.push(range);
    return true;
  }
  if (/^https?:\/\//i.test(entry)) {
    const found = parseDestination(entry);
    if (found === undefined || found.host === "") return false;
    const query = found.query === "" ? "" : `?${found.query}`;
    const behind = `${found.path === "" ? "/" : found.path}${query}`;
    const known = urls.get(found.host);
    if (known === undefined) urls.set(found.host, [behind]);
    else known.push(behind);
    return true;
  }
  if (!DOMAIN.test(entry)) return false;
  domains.push(standardName(entry));
  return true;
}

/** As the URL standard writes the name, so that an address and its entry are spelled alike. */
function standardName(entry: string): string {
  const exact = entry.startsWith("=");
  const name = entry.replace(/^=/, "").replace(/^\*\./, "");
  const host = parseDestination(`https://${name}`)?.host ?? name;
  return `${exact ? "=" : ""}${host === "" ? name : host}`;
}

const SHOWN_MAX = 60;

function shown(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
