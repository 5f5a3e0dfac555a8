/** Judges an address without asking anybody: by its form, its name and what is known of names. */
import { NO_DOMAINS, type DomainList } from "./domain-list.ts";
import { portFactor, programFactor } from "./doubtful-name.ts";
import { exfiltratingPath } from "./exfiltration-shape.ts";
import { NO_FEEDS, type DestinationFeeds } from "./feed.ts";
import type { Factor } from "./factor.ts";
import { suspicionsAtGlance } from "./glance.ts";
import { internalFactors, schemeFactors } from "./internal-address.ts";
import { judgeHost, type JudgedHost } from "./judge-host.ts";
import { brandInForm, brandInPath } from "./look-alike.ts";
import { luresInPath } from "./lures.ts";
import { parseDestination, type Destination } from "./parse-destination.ts";
import { schemeOfQuiet } from "./quiet-host.ts";
import { suspicionsOf, type Suspicion } from "./suspicion.ts";

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

export interface Assessment {
  readonly host: string;
  readonly domain: string;
  /** Its host takes long to read; see `glance.ts`. */
  readonly intricate: boolean;
  /** The heaviest first; empty for an address that nothing speaks against. */
  readonly suspicions: readonly Suspicion[];
}

const NOWHERE: Assessment = { host: "", domain: "", intricate: false, suspicions: [] };
/** Of what carries something out: more would not change the score. */
const CARRYING_MAX = 4;
/** Less is a likeness that half of all names have. */
const LIKELY = 0.45;

export function assessDestination(text: string, lists: DestinationLists): Assessment {
  const destination = parseDestination(text);
  if (destination === undefined) return NOWHERE;
  const judged = judgeHost(destination);
  const { host, intricate } = destination;
  return {
    host,
    domain: judged.name.domain,
    intricate,
    suspicions: suspicions(destination, judged, lists),
  };
}

/** `looks`: as what the address looks. Undefined where its host is not intricate. */
export function assessAtGlance(text: string, looks: string): Assessment | undefined {
  const scheme = schemeOfQuiet(text, looks);
  if (scheme !== undefined) {
    return {
      host: "",
      domain: "",
      intricate: true,
      suspicions: suspicionsOf(schemeFactors(scheme)),
    };
  }
  const destination = parseDestination(text, true);
  if (destination?.intricate !== true) return undefined;
  const suspicions = suspicionsAtGlance(destination, looks);
  return { host: destination.host, domain: "", intricate: true, suspicions };
}

function suspicions(
  destination: Destination,
  judged: JudgedHost,
  { blocked, trusted, feeds }: DestinationLists,
): readonly Suspicion[] {
  const inside = internalFactors(destination, judged.inside);
  if (blocked.has(destination.host)) return listedAs("blocked-by-list", inside);
  const isOwn = trusted.has(destination.host);
  const listing = isOwn ? undefined : feeds.listing(destination);
  if (listing?.as === "blocked") return listedAs(`listed-by-${listing.feed}`, inside);
  if (isOwn || listing !== undefined) return suspicionsOf(inside);
  const behind = factorsBehind(destination, judged);
  if (inside === judged.inside && behind.length === 0) return judged.suspicions;
  return suspicionsOf([...inside, ...judged.outside, ...behind]);
}

function listedAs(name: string, inside: readonly Factor[]): readonly Suspicion[] {
  return suspicionsOf([{ kind: "listed", name, weight: 1 }, ...inside]);
}

/** What speaks against port, path, parameters and fragment. */
function factorsBehind(
  destination: Destination,
  { name, traits, isEstablished, outside }: JudgedHost,
): readonly Factor[] {
  let carrying = 0;
  for (const { kind } of outside) if (kind === "exfiltration") carrying += 1;
  const carried = exfiltratingPath(destination, isEstablished, CARRYING_MAX - carrying);
  if (isEstablished) return carried;
  const port = portFactor(destination.port, traits.address);
  const program = programFactor(destination.path, traits);
  const brand = name.hosted
    ? brandInPath(destination.path, name.subdomain)
    : brandInForm(destination.path);
  const lure =
    outside.some(({ kind, weight }) => kind === "lookalike" && weight >= LIKELY) &&
    luresInPath(destination.path);
  if (port === undefined && program === undefined && brand === 0 && !lure) return carried;
  const factors = [...carried];
  if (lure) factors.push({ kind: "lookalike", name: "lure-path", weight: 0.2 });
  if (port !== undefined) factors.push(port);
  if (program !== undefined) factors.push(program);
  const where = name.hosted ? "brand-on-shared-host" : "brand-in-form";
  if (brand > 0) factors.push({ kind: "lookalike", name: where, weight: brand });
  return factors;
}
