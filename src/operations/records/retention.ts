/** Records leave, people are forgotten, holds stop both. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { Change } from "../../core/ledger/entry.ts";
import {
  SEGMENT_REMOVED,
  holdsSegment,
  type CarriedState,
  type HoldRecord,
  type RetentionStore,
} from "../../core/ledger/retention.ts";
import type { Instant, TenantId } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";
import { allOf, carryOut, holdsPerson, type CarryPorts } from "./carry-out.ts";

export interface RetentionPorts extends CarryPorts {
  readonly segments: RetentionStore;
  /** Until another process of the data directory may be done with it. */
  readonly pause: () => Promise<void>;
}

/** Whose the order is, and who gives it. */
export interface OrderedBy {
  readonly tenant: TenantId;
  readonly by: string;
}

export type HoldWish = Pick<HoldRecord, "reason" | "from" | "to" | "person">;

/** An order, and how far each replica has come with it. */
export interface Standing<K extends "hold" | "erasure"> {
  readonly order: Entry<K>;
  readonly replicas: readonly ReplicaStanding[];
}

export interface ReplicaStanding {
  readonly replica: string;
  readonly host: string;
  /** When it last said that it is there. */
  readonly seenAt: Instant;
  readonly isThis: boolean;
  /** `pending`: it has not heard of it, or has not come to it. */
  readonly state: CarriedState | "pending";
  readonly at: Instant | undefined;
  readonly tokens: readonly string[];
}

/** Segments that one call removes; the next goes on. */
const SEGMENTS_MAX = 1_000;
/** How often it is looked whether another process of this data directory is done. */
const PAUSES_MAX = 100;
/** Of a fingerprint, in an erasure's id: 128 bits. */
const WHO_CHARS = 32;

export function placeHold(
  { tenant, by }: OrderedBy,
  wish: HoldWish,
  ports: RetentionPorts,
): Promise<Answer<Standing<"hold">>> {
  return ordering(ports, async () => {
    const createdAt = ports.now();
    const body: HoldRecord = { ...wish, by, released: undefined };
    const id = newId("hold", createdAt);
    const entry = { kind: "hold", id, tenant, createdAt, body } as const;
    await ports.store.write({ kind: "put", entry, expect: "absent" });
    return done(await carriedHere({ ...entry, revision: 0 }, ports));
  });
}

export function releaseHold(
  { tenant, by }: OrderedBy,
  id: string,
  ports: RetentionPorts,
): Promise<Answer<Standing<"hold">>> {
  return ordering(ports, async () => {
    const hold = await ports.store.get("hold", id);
    if (hold === undefined || hold.tenant !== tenant || hold.body.released !== undefined) {
      return fault("not_found", `There is no hold ${id}.`);
    }
    const body = { ...hold.body, released: { by, at: ports.now() } };
    const entry = { ...hold, body };
    const reply = await ports.store.write({ kind: "put", entry, expect: hold.revision });
    if (reply.kind === "conflict") return fault("not_found", `There is no hold ${id}.`);
    return done(await carriedHere(entry, ports));
  });
}

/** Forgets what is kept about a person; records go on to have the tokens, which then say nothing. */
export function erasePerson(
  { tenant, by }: OrderedBy,
  person: string,
  reason: string,
  ports: RetentionPorts,
): Promise<Answer<Standing<"erasure">>> {
  return ordering(ports, async () => {
    const { store, people } = ports;
    const who = people.fingerprint(tenant, person);
    const hold = (await allOf("hold", store)).find((one) =>
      holdsPerson(one, { tenant, who }, people),
    );
    if (hold !== undefined) {
      const { id, body } = hold;
      return fault("conflict", `The legal hold ${id} keeps it: ${body.reason}`);
    }
    const id = `erasure_${who.slice(0, WHO_CHARS)}`;
    // Asked again, it is the same order: each ledger tells of it once.
    const asked = await store.get("erasure", id);
    if (asked !== undefined) return done(await carriedHere(asked, ports));
    if (!(await mayBeKept({ tenant, who }, ports))) return fault("not_found", NOT_HERE);
    const body = { who, reason, by };
    const entry = { kind: "erasure", id, tenant, createdAt: ports.now(), body } as const;
    await store.write({ kind: "put", entry, expect: "absent" });
    return done(await carriedHere({ ...entry, revision: 0 }, ports));
  });
}

/** What this data directory does not know, another one may. */
async function mayBeKept(
  { tenant, who }: { readonly tenant: TenantId; readonly who: string },
  { store, people, book }: RetentionPorts,
): Promise<boolean> {
  if ((await people.personOf(tenant, who)) !== undefined) return true;
  return (await allOf("replica", store)).some(({ id }) => id !== book.replica);
}

const NOT_HERE =
  "Nothing is kept about this person. Name them as the record did: as `user` of a call or an event.";
const UNRECORDED = fault("unavailable", "Nothing was done: the ledger cannot be written now.");

/** An order is in the directory first: that is what makes every replica carry it out. */
async function ordering<T>(
  { ledger }: Pick<RetentionPorts, "ledger">,
  work: () => Promise<Answer<T>>,
): Promise<Answer<T>> {
  return ledger.healthy ? work() : UNRECORDED;
}

/** As far as it could be carried out at once. */
async function carriedHere<K extends "hold" | "erasure">(
  order: Entry<K>,
  ports: RetentionPorts,
): Promise<Standing<K>> {
  for (let pauses = 0; pauses < PAUSES_MAX; pauses += 1) {
    if (await carryOut(ports)) break;
    await ports.pause();
  }
  return standingOf(order, ports);
}

const NOT_YET = { state: "pending", at: undefined, tokens: [] } as const;

export async function standingOf<K extends "hold" | "erasure">(
  order: Entry<K>,
  { store, book }: Pick<RetentionPorts, "store" | "book">,
): Promise<Standing<K>> {
  const { id: owner, tenant } = order;
  const carried = new Map(
    (await allOf("carried", store, { tenant, owner })).map(({ body }) => [body.replica, body]),
  );
  const replicas = (await allOf("replica", store)).map(({ id, body: { host, seenAt } }) => {
    const isThis = id === book.replica;
    const { state, at, tokens } = carried.get(id) ?? NOT_YET;
    return { replica: id, host, seenAt, isThis, state, at, tokens };
  });
  return { order, replicas };
}

/** A data directory that will not come back: nobody waits for it any more. */
export async function forgetReplica(
  { by }: OrderedBy,
  id: string,
  { store, ledger, book }: RetentionPorts,
): Promise<Answer<Entry<"replica">>> {
  const found = await store.get("replica", id);
  if (found === undefined) return fault("not_found", `There is no replica ${id}.`);
  if (id === book.replica) return fault("conflict", "It is the one that you ask.");
  const change = { change: REPLICA_FORGOTTEN, about: id, by, detail: { host: found.body.host } };
  if (!ledger.healthy || !(await ledger.change(change))) return UNRECORDED;
  const { tenant } = found;
  await store.write({ kind: "remove", of: "replica", id, tenant, expect: "any" });
  return done(found);
}

const REPLICA_FORGOTTEN = "replica.forgotten";

export interface Pruned {
  readonly segments: number;
  readonly records: number;
  /** Pieces that a hold keeps, or the next call would remove. */
  readonly kept: number;
}

/** Removes what is older, whole segments at a time; chains stay provable without it. */
export function pruneLedger(
  by: string,
  before: Instant,
  reason: string,
  ports: RetentionPorts,
): Promise<Answer<Pruned>> {
  return ordering(ports, async () => {
    const { segments: files, store } = ports;
    const holds = (await allOf("hold", store)).map(({ body }) => body);
    const inForce = holds.filter(({ released }) => released === undefined);
    let segments = 0;
    let records = 0;
    for (;;) {
      const oldest = await files.oldest(before);
      const free = oldest.filter((one) => !inForce.some((hold) => holdsSegment(hold, one)));
      if (free.length === 0 || segments >= SEGMENTS_MAX) {
        return done({ segments, records, kept: oldest.length });
      }
      for (const segment of free) {
        const { text, sha256 } = files.tombstone(segment);
        const detail = { reason, records: segment.remains.length, tombstone_sha256: sha256 };
        const about = `${segment.writer}/${segment.number}`;
        if (!(await recorded({ change: SEGMENT_REMOVED, about, by, detail }, ports))) {
          return UNRECORDED;
        }
        await files.bury(segment, text);
        segments += 1;
        records += segment.remains.length;
      }
    }
  });
}

async function recorded(
  change: Change,
  { ledger }: Pick<RetentionPorts, "ledger">,
): Promise<boolean> {
  return ledger.healthy && ledger.change(change);
}
