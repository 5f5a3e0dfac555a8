/** What one answer of a server makes of the pins that there are. Pure, and decided entry by entry. */
import type { JsonValue } from "../json.ts";
import type { DefinitionHash } from "../units.ts";
import { definitionHash, definitionKey, otherForm, type DefinitionRef } from "./definition.ts";
import type { Listing } from "./definition-store.ts";
import { otherWords } from "./other-form.ts";
import { observed, type Pin, type Suspicion, type TrustMode } from "./pin.ts";
import type { Sighted } from "./sighted.ts";
import { neighbourhoodOf, suspicionsOf, type Neighbour, type Neighbourhood } from "./suspicions.ts";

/** Of all upstreams and both eras together; what a server lists beyond them is not shown. */
const DEFINITIONS_MAX = 40_000;
/** Of one server in one era, so that it cannot crowd out the others. */
export const DEFINITIONS_PER_UPSTREAM_MAX = 2_000;
/** UTF-16 units of one definition; a model could not read more either. */
export const DEFINITION_CHARS_MAX = 262_144;

/** What is known when a list comes. */
export interface Known {
  readonly trust: TrustMode;
  /** By `definitionKey`. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** As it stands by what is approved now. */
  readonly standing: (pin: Pin) => Pin;
  /** What the file in version control has; undefined where it has no say. */
  readonly locked: (ref: DefinitionRef) => DefinitionHash | undefined;
  readonly approvedText: (ref: DefinitionRef) => JsonValue | undefined;
}

export function sightListing(listing: Listing, known: Known): readonly Sighted[] {
  const { upstream, scope, kind, era, entries } = listing;
  let room = roomFor(listing, known.pins);
  let around: Neighbourhood | undefined;
  const sightings: Sighted[] = [];
  for (const [name, definition] of entries) {
    const ref: DefinitionRef = { upstream, scope, kind, name, era };
    const text = JSON.stringify(definition);
    if (text.length > DEFINITION_CHARS_MAX) continue;
    const before = standingOf(ref, known);
    if (before === undefined && (room -= 1) < 0) continue;
    const seen = definitionHash(definition);
    const twin = before === undefined ? twinOf(ref, seen, known) : undefined;
    if (twin !== undefined) {
      sightings.push({ before, made: { pin: twin, change: undefined }, text, isTwin: true });
      continue;
    }
    let suspicions: readonly Suspicion[] = before?.suspicions ?? [];
    if (before?.seen !== seen) {
      around ??= neighbourhoodOf(neighboursOf(listing, known.pins));
      suspicions = suspicionsOf({ upstream, name, definition }, around);
      if (before === undefined)
        suspicions = [...suspicions, ...saidElsewhere(ref, definition, known)];
    }
    const { trust } = known;
    const made = observed(before, { ref, seen, suspicions, trust, locked: known.locked(ref) });
    sightings.push({ before, made, text, isTwin: false });
  }
  return sightings;
}

function standingOf(ref: DefinitionRef, { pins, standing }: Known): Pin | undefined {
  const pin = pins.get(definitionKey(ref));
  return pin && standing(pin);
}

/** The very same that clients of the other era are told stands as it does for them. */
function twinOf(ref: DefinitionRef, seen: DefinitionHash, known: Known): Pin | undefined {
  if (known.trust === "locked") return undefined;
  const other = standingOf(otherForm(ref), known);
  if (other?.seen !== seen || other.standing === "changed") return undefined;
  return Object.freeze({ ...other, ref });
}

function saidElsewhere(
  ref: DefinitionRef,
  definition: JsonValue,
  known: Known,
): readonly Suspicion[] {
  const other = otherForm(ref);
  if (standingOf(other, known) === undefined) return [];
  return otherWords(definition, known.approvedText(other), ref.era);
}

function roomFor({ upstream, era }: Listing, pins: ReadonlyMap<string, Pin>): number {
  let own = 0;
  for (const { ref } of pins.values()) if (ref.upstream === upstream && ref.era === era) own += 1;
  return Math.min(DEFINITIONS_PER_UPSTREAM_MAX - own, DEFINITIONS_MAX - pins.size);
}

function neighboursOf(
  { upstream, entries }: Listing,
  pins: ReadonlyMap<string, Pin>,
): readonly Neighbour[] {
  const listed = Array.from(entries.keys(), (name): Neighbour => ({ upstream, name }));
  const tools = Array.from(pins.values(), ({ ref }) => ref).filter(({ kind }) => kind === "tool");
  return [...tools, ...listed];
}
