/** What is known of a host by its name and the names it stands below. */
import {
  ADDRESS_NAMES,
  COLLECTORS,
  DYNAMIC_NAMES,
  ESTABLISHED_NAMES,
  INSIDE_SUFFIXES,
  METADATA_HOSTS,
  RISKY_SUFFIXES,
  SERVICE_HOSTS,
  SHORTENERS,
} from "./known-domains.ts";
import type { AddressKind } from "../address/classify-address.ts";
import { backwardFilter, NO_UNITS, passes, withUnit } from "./name-filter.ts";
import { listedName } from "./domain-list.ts";
import type { DomainName } from "./registrable-domain.ts";

/** Bits of a standing. */
export const STANDING = {
  established: 1,
  shortener: 2,
  collector: 4,
  dynamic: 8,
  addressed: 16,
  risky: 32,
  inside: 64,
  metadata: 128,
  service: 256,
} as const;

/** What counts of the host's own name, of what was registered, of its suffix, and of any other. */
const OF_HOST = STANDING.established | STANDING.metadata | STANDING.service;
const OF_DOMAIN = STANDING.established | STANDING.shortener | STANDING.dynamic;
const OF_SUFFIX = STANDING.dynamic | STANDING.risky;
const OF_ANY = STANDING.collector | STANDING.addressed;

const ESTABLISHED = new Set(ESTABLISHED_NAMES);
const KNOWN = new Map<string, number>();
enter(ESTABLISHED_NAMES, STANDING.established);
enter(SHORTENERS, STANDING.shortener);
enter(COLLECTORS, STANDING.collector);
enter(DYNAMIC_NAMES, STANDING.dynamic);
enter(ADDRESS_NAMES, STANDING.addressed);
enter(RISKY_SUFFIXES, STANDING.risky);
enter(INSIDE_SUFFIXES, STANDING.inside);
enter(METADATA_HOSTS, STANDING.metadata);
enter(SERVICE_HOSTS, STANDING.service);

function enter(names: readonly string[], standing: number): void {
  for (const name of names) KNOWN.set(name, (KNOWN.get(name) ?? 0) | standing);
}

const FILTER = backwardFilter(KNOWN.keys());

export function standingOf({
  host,
  domain,
  suffix,
}: Pick<DomainName, "host" | "domain" | "suffix">): number {
  let standing = 0;
  let hash = NO_UNITS;
  for (let at = host.length - 1; at >= 0; at -= 1) {
    hash = withUnit(hash, host.charCodeAt(at));
    if (at > 0 && host.charCodeAt(at - 1) !== DOT) continue;
    const known = passes(FILTER, hash) ? KNOWN.get(host.slice(at)) : undefined;
    if (known === undefined) continue;
    const units = host.length - at;
    let counts = at === 0 ? OF_ANY | OF_HOST : OF_ANY | STANDING.inside;
    if (units === domain.length) counts |= OF_DOMAIN;
    if (units === suffix.length) counts |= OF_SUFFIX;
    standing |= known & counts;
  }
  return standing;
}

const DOT = 0x2e;

/** `units`: of `host`, in small letters. Whether anything is known of a name in it. */
export function isKnown(host: string, units: Uint16Array): boolean {
  let hash = NO_UNITS;
  for (let at = host.length - 1; at >= 0; at -= 1) {
    hash = withUnit(hash, units[at] ?? 0);
    if ((at > 0 && units[at - 1] !== DOT) || !passes(FILTER, hash)) continue;
    if (KNOWN.has(host.slice(at))) return true;
  }
  return false;
}

/** It, or a name that it stands below, whatever was registered. */
export function isEstablished(host: string): boolean {
  return listedName(ESTABLISHED, host) !== undefined;
}

/** What a host is, as far as its name tells. */
export interface HostTraits {
  readonly standing: number;
  readonly address: AddressKind;
  /** Words in the name that want to be clicked. */
  readonly lures: number;
}
