/** What the name of a host says, whatever stands behind it: many addresses share a host. */
import { classifyAddress } from "../address/classify-address.ts";
import { withoutBrackets } from "../../lib/without-brackets.ts";
import { doubtFactors } from "./doubtful-name.ts";
import { exfiltratingName } from "./exfiltration-shape.ts";
import type { Factor } from "./factor.ts";
import { internalHostFactors } from "./internal-address.ts";
import { keptByName } from "./kept-by-name.ts";
import { lookAlikeFactors } from "./look-alike.ts";
import { luresIn } from "./lures.ts";
import type { Destination } from "./parse-destination.ts";
import { domainName, type DomainName } from "./registrable-domain.ts";
import { STANDING, standingOf, type HostTraits } from "./standing.ts";
import { suspicionsOf, type Suspicion } from "./suspicion.ts";

export interface JudgedHost {
  readonly name: DomainName;
  readonly traits: HostTraits;
  readonly isEstablished: boolean;
  readonly inside: readonly Factor[];
  /** Not for what an operator trusts. */
  readonly outside: readonly Factor[];
  /** What all of this comes to. */
  readonly suspicions: readonly Suspicion[];
}

const NOTHING: readonly Factor[] = [];
/** By the host as it was written, which says more than the standard's form of it. */
const judged = keptByName<JudgedHost>();

export function judgeHost(destination: Destination): JudgedHost {
  const known = judged.get(destination.rawHost);
  // How the standard reads it depends on the scheme, too.
  if (known !== undefined && known.name.host === destination.host) return known;
  const found = judgedAnew(destination);
  judged.keep(destination.rawHost, found);
  return found;
}

function judgedAnew(destination: Destination): JudgedHost {
  const { host } = destination;
  const name = domainName(host);
  const traits: HostTraits = {
    standing: standingOf(name),
    address: classifyAddress(withoutBrackets(host)),
    lures: luresIn(host, host.length - name.suffix.length - 1),
  };
  const isEstablished = (traits.standing & STANDING.established) !== 0;
  const inside = internalHostFactors(destination, traits);
  const outside = outsideFactors(destination, name, traits);
  const suspicions = suspicionsOf(outside.length === 0 ? inside : [...inside, ...outside]);
  return { name, traits, isEstablished, inside, outside, suspicions };
}

function outsideFactors(
  destination: Destination,
  name: DomainName,
  traits: HostTraits,
): readonly Factor[] {
  const carries = exfiltratingName(destination, name, traits);
  if ((traits.standing & STANDING.established) !== 0) return carries;
  const alike = lookAlikeFactors(name, traits);
  const doubts = doubtFactors(name, traits);
  if (alike.length + doubts.length + carries.length === 0) return NOTHING;
  return [...alike, ...doubts, ...carries];
}
