/** What may leave the ledger, and what must not. */
import type { Digest, Instant } from "../units.ts";
import type { Entry } from "./entry.ts";
import { PERSON_ERASED } from "./personal-texts.ts";

/** Wins over retention and erasure until it is released. */
export interface HoldRecord {
  readonly reason: string;
  readonly by: string;
  /** The records that it is about; undefined is without end on that side. */
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
  /** Undefined: whoever the records are about. */
  readonly person: string | undefined;
  readonly released: { readonly by: string; readonly at: Instant } | undefined;
}

/** Somebody is to be forgotten; kept for good, so that a replica which was away hears of it. */
export interface ErasureRecord {
  /** Knows the person again, and does not name them: see `PersonRegister.fingerprint`. */
  readonly who: string;
  readonly reason: string;
  readonly by: string;
}

/** Of what every replica has to do on the ledger that it keeps, what one of them has done. */
export interface CarriedRecord {
  /** The hold's or the erasure's id. */
  readonly order: string;
  readonly replica: string;
  readonly state: CarriedState;
  readonly at: Instant;
  /** What stands in its records in place of who was erased. */
  readonly tokens: readonly string[];
}

/** `held`: a legal hold keeps it; it is done once that is released. */
export type CarriedState = "placed" | "released" | "erased" | "held";

/** A data directory whose ledger must hear of holds and erasures. */
export interface ReplicaRecord {
  readonly host: string;
  readonly seenAt: Instant;
}

/** A closed piece of a chain: the oldest that is left of it. */
export interface ClosedSegment {
  readonly writer: string;
  readonly number: number;
  readonly first: Instant;
  readonly last: Instant;
  readonly firstSeq: number;
  /** Of each record: its hash, or the whole line of one that explains what is left. */
  readonly remains: readonly string[];
}

export interface RetentionStore {
  /** The oldest piece of each chain that ends before `before` and that every sink has. */
  oldest(before: Instant): Promise<readonly ClosedSegment[]>;
  /** What will be left of it, and that text's hash. */
  tombstone(segment: ClosedSegment): { readonly text: string; readonly sha256: Digest };
  /** The segment is gone afterwards, also from the index. */
  bury(segment: ClosedSegment, text: string): Promise<void>;
}

/** The change by which a removal is on the record; it is about `<writer>/<segment>`. */
export const SEGMENT_REMOVED = "ledger.segment_removed";
export const KEY_USED = "signing_key.used";
export const HOLD_PLACED = "legal_hold.placed";
export const HOLD_RELEASED = "legal_hold.released";

const LASTING: ReadonlySet<string> = new Set([
  KEY_USED,
  SEGMENT_REMOVED,
  PERSON_ERASED,
  HOLD_PLACED,
  HOLD_RELEASED,
]);

/** Whether verifying needs the record after its segment is gone. */
export function outlivesSegment(entry: Entry): boolean {
  return entry.kind === "change" && LASTING.has(entry.change);
}

export function holdsSegment({ from, to }: HoldRecord, { first, last }: ClosedSegment): boolean {
  return (from === undefined || last >= from) && (to === undefined || first < to);
}
