import type { JsonValue } from "../json.ts";
import type { UpstreamName } from "../units.ts";
import type { DefinitionEra, DefinitionKind, DefinitionRef } from "./definition.ts";
import type { Pin, TrustMode } from "./pin.ts";

/** One answer of a server that lists definitions; a page of it is as good as the whole. */
export interface Listing {
  readonly upstream: UpstreamName;
  readonly scope: string;
  readonly kind: DefinitionKind;
  readonly era: DefinitionEra;
  /** By name; several entries of one name are judged as one, so that neither passes for the other. */
  readonly entries: ReadonlyMap<string, JsonValue>;
}

/** Pins of all upstreams. Synchronous on purpose: every call and every list asks. */
export interface DefinitionStore {
  /** Another number whenever a definition is new or stands otherwise, in any process. */
  readonly revision: number;
  /** Of the other era's form, where clients of this one were told none yet. */
  pin(ref: DefinitionRef): Pin | undefined;
  /** The listed name that differs from an unlisted one only as `foldName` ignores. */
  listedNameOf(ref: DefinitionRef): string | undefined;
  /**
   * What a server says now: remembered, and compared with what was approved. An entry that could
   * not be remembered is missing in the answer, and must not be shown. Never throws.
   */
  observe(listing: Listing): ReadonlyMap<string, Pin>;
  /** The approved text, like `pin`; undefined while there is none. */
  approvedText(ref: DefinitionRef): JsonValue | undefined;
  /** How far this upstream's word is taken. */
  trustOf(upstream: UpstreamName): TrustMode;
}
