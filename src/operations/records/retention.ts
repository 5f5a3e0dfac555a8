/** Records leave, people are forgotten, holds stop both: each on the record before it happens. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Change } from "../../core/ledger/entry.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import { PERSON_ERASED } from "../../core/ledger/personal-texts.ts";
import {
  HOLD_PLACED,
  HOLD_RELEASED,
  SEGMENT_REMOVED,
  holdsPerson,
  holdsSegment,
  type LegalHold,
  type RetentionStore,
} from "../../core/ledger/retention.ts";
import type { Instant, TenantId } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";

export interface RetentionPorts {
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  readonly retention: RetentionStore;
  readonly people: PersonRegister;
  readonly now: () => Instant;
}

export interface PersonRegister {
  /** Tokens of what is kept about a person; none: nothing is. */
  tokensOf(tenant: TenantId, person: string): readonly string[];
  /** Gone from the disk and the index afterwards. */
  erase(tenant: TenantId, person: string): Promise<void>;
}

export type HoldWish = Pick<LegalHold, "reason" | "from" | "to" | "person">;

/** Segments that one call removes; the next goes on. */
const SEGMENTS_MAX = 1_000;

export async function placeHold(
  by: string,
  wish: HoldWish,
  ports: RetentionPorts,
): Promise<Answer<LegalHold>> {
  const { retention, now } = ports;
  const hold: LegalHold = { ...wish, id: newId("hold", now()), by, at: now() };
  const detail = {
    reason: wish.reason,
    ...(wish.from !== undefined && { from: wish.from }),
    ...(wish.to !== undefined && { to: wish.to }),
  };
  if (!(await recorded({ change: HOLD_PLACED, about: hold.id, by, detail }, ports))) {
    return UNRECORDED;
  }
  await retention.keepHolds([...(await retention.holds()), hold]);
  return done(hold);
}

export async function releaseHold(
  by: string,
  id: string,
  ports: RetentionPorts,
): Promise<Answer<LegalHold>> {
  const { retention } = ports;
  const holds = await retention.holds();
  const hold = holds.find((one) => one.id === id);
  if (hold === undefined) return fault("not_found", `There is no hold ${id}.`);
  const change = { change: HOLD_RELEASED, about: id, by, detail: { reason: hold.reason } };
  if (!(await recorded(change, ports))) return UNRECORDED;
  await retention.keepHolds(holds.filter((one) => one !== hold));
  return done(hold);
}

export interface Pruned {
  readonly segments: number;
  readonly records: number;
  /** Pieces that a hold keeps, or the next call would remove. */
  readonly kept: number;
}

/** Removes what is older, whole segments at a time; chains stay provable without it. */
export async function pruneLedger(
  by: string,
  before: Instant,
  reason: string,
  ports: RetentionPorts,
): Promise<Answer<Pruned>> {
  const { retention } = ports;
  const holds = await retention.holds();
  let segments = 0;
  let records = 0;
  for (;;) {
    const oldest = await retention.oldest(before);
    const free = oldest.filter((one) => !holds.some((hold) => holdsSegment(hold, one)));
    if (free.length === 0 || segments >= SEGMENTS_MAX) {
      return done({ segments, records, kept: oldest.length });
    }
    for (const segment of free) {
      const { text, sha256 } = retention.tombstone(segment);
      const detail = { reason, records: segment.remains.length, tombstone_sha256: sha256 };
      const about = `${segment.writer}/${segment.number}`;
      const isRecorded = await recorded({ change: SEGMENT_REMOVED, about, by, detail }, ports);
      if (!isRecorded) return UNRECORDED;
      await retention.bury(segment, text);
      segments += 1;
      records += segment.remains.length;
    }
  }
}

export interface Erased {
  /** What stands in the records from now on. */
  readonly tokens: readonly string[];
}

/** Forgets what is kept about a person; records go on to have the tokens, which then say nothing. */
export async function erasePerson(
  { tenant, by }: { readonly tenant: TenantId; readonly by: string },
  person: string,
  reason: string,
  ports: RetentionPorts,
): Promise<Answer<Erased>> {
  const holds = await ports.retention.holds();
  const hold = holds.find((one) => holdsPerson(one, person));
  if (hold !== undefined) {
    return fault("conflict", `The legal hold ${hold.id} keeps it: ${hold.reason}`);
  }
  const tokens = ports.people.tokensOf(tenant, person);
  const [about] = tokens;
  if (about === undefined) return fault("not_found", NOT_HERE);
  const detail = { reason, texts: tokens.length, tenant };
  if (!(await recorded({ change: PERSON_ERASED, about, by, detail }, ports))) return UNRECORDED;
  await ports.people.erase(tenant, person);
  return done({ tokens });
}

const NOT_HERE =
  "Nothing is kept about this person in this data directory; each replica keeps its own.";
const UNRECORDED = fault("unavailable", "Nothing was done: the ledger cannot be written now.");

async function recorded(change: Change, { ledger }: RetentionPorts): Promise<boolean> {
  return ledger.healthy && ledger.change(change);
}
