/** What may leave the ledger, and what must not. */
import type { Digest, Instant } from "../units.ts";
import type { Entry } from "./entry.ts";
import { PERSON_ERASED } from "./personal-texts.ts";

/** Wins over retention and erasure for as long as it stands. */
export interface LegalHold {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
  /** The records that it is about; undefined is without end on that side. */
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
  /** Undefined: whoever the records are about. */
  readonly person: string | undefined;
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
  holds(): Promise<readonly LegalHold[]>;
  keepHolds(holds: readonly LegalHold[]): Promise<void>;
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

export function holdsSegment(hold: LegalHold, { first, last }: ClosedSegment): boolean {
  return (
    (hold.from === undefined || last >= hold.from) && (hold.to === undefined || first < hold.to)
  );
}

export function holdsPerson(hold: LegalHold, person: string): boolean {
  return hold.person === undefined || hold.person === person;
}
