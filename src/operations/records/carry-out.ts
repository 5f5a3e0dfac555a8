/**
 * Holds, releases and erasures are orders that every replica carries out on the ledger it keeps:
 * each on the record once, before it is done, whatever ends the process in between.
 */
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import type { Change } from "../../core/ledger/entry.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import {
  placing,
  releasing,
  type OrderBook,
  type OrderStep,
} from "../../core/ledger/order-book.ts";
import { PERSON_ERASED } from "../../core/ledger/personal-texts.ts";
import { HOLD_PLACED, HOLD_RELEASED, type CarriedState } from "../../core/ledger/retention.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import {
  EVERY_TENANT,
  type DirectoryStore,
  type Query,
} from "../../core/identity/directory-store.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { instant, type Instant, type TenantId } from "../../core/units.ts";

export interface CarryPorts {
  readonly store: OrderStore;
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  readonly people: PersonRegister;
  readonly book: OrderBook;
  /** Whether a change is on one of this machine's chains; not looked for before `since`. */
  readonly isRecorded: (change: Change, since: Instant) => Promise<boolean>;
  readonly host: string;
  readonly now: () => Instant;
}

/** What is shared of the directory; rejects where it cannot be reached. */
export type OrderStore = Pick<DirectoryStore, "get" | "list" | "write">;

/** What is kept about people on this machine. */
export interface PersonRegister {
  /** Knows a person again, and says who it is only to whoever guesses the name. */
  fingerprint(tenant: TenantId, person: string): string;
  /** Undefined where nothing is kept about them. */
  personOf(tenant: TenantId, who: string): Promise<string | undefined>;
  tokensOf(tenant: TenantId, person: string): readonly string[];
  /** What stands for them from now on, whether or not something was kept. */
  tokenOfErased(who: string): string;
  /** Gone from the disk and the index afterwards; doing it again changes nothing. */
  erase(tenant: TenantId, person: string): Promise<void>;
}

/** A clock that was set back must not hide a record. */
const CLOCK_DOUBT_MS = 3_600_000;
const PAGE_MAX = 1_000;

/** False while another process of the data directory is at it. Rejects where a store is away. */
export function carryOut(ports: CarryPorts): Promise<boolean> {
  return ports.book.alone(async () => {
    await register(ports);
    const holds = await allOf("hold", ports.store);
    for (const hold of holds) await carryHold(hold, ports);
    for (const erasure of await allOf("erasure", ports.store)) {
      await carryErasure(erasure, holds, ports);
    }
  });
}

/** Says that this data directory is one whose ledger must hear of everything. */
async function register({ store, book, host, now }: CarryPorts): Promise<void> {
  const at = now();
  const found = await store.get("replica", book.replica);
  const { tenant, createdAt } = found ?? { tenant: DEFAULT_TENANT, createdAt: at };
  const body = { host, seenAt: at };
  const entry = { kind: "replica", id: book.replica, tenant, createdAt, body } as const;
  await store.write({ kind: "put", entry, expect: "any" });
}

export function holdsPerson(
  { tenant, body: { person, released } }: Entry<"hold">,
  of: { readonly tenant: TenantId; readonly who: string },
  { fingerprint }: Pick<PersonRegister, "fingerprint">,
): boolean {
  if (released !== undefined || (tenant !== of.tenant && tenant !== DEFAULT_TENANT)) return false;
  return person === undefined || fingerprint(of.tenant, person) === of.who;
}

export async function allOf<K extends "hold" | "erasure" | "carried" | "replica">(
  kind: K,
  store: OrderStore,
  whose: Pick<Query, "tenant" | "owner"> = { tenant: EVERY_TENANT },
): Promise<readonly Entry<K>[]> {
  const all: Entry<K>[] = [];
  for (;;) {
    const page = await store.list(kind, { ...whose, after: all.at(-1)?.id, limit: PAGE_MAX });
    all.push(...page);
    if (page.length < PAGE_MAX) return all;
  }
}

async function carryHold(hold: Entry<"hold">, ports: CarryPorts): Promise<void> {
  const { id: about, body } = hold;
  const { reason, by, from, to, released } = body;
  const times = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const placed = { change: HOLD_PLACED, about, by, detail: { reason, ...times } };
  await carryWord(hold, { name: placing(about), change: placed, state: "placed" }, ports);
  if (released === undefined) return;
  const change = { change: HOLD_RELEASED, about, by: released.by, detail: { reason } };
  await carryWord(hold, { name: releasing(about), change, state: "released" }, ports);
}

interface Word {
  readonly name: string;
  readonly change: Change;
  readonly state: CarriedState;
}

/** What is done by being recorded. */
async function carryWord(
  hold: Entry<"hold">,
  { name, change, state }: Word,
  ports: CarryPorts,
): Promise<void> {
  if (ports.book.stepOf(name)?.kind === "done") return;
  const said = changeOfTenant(change, hold.tenant);
  if (!(await record(name, { change: said, tokens: [] }, ports))) return;
  await report(hold, { state, tokens: [] }, ports);
  ports.book.keep(name, { kind: "done" });
}

async function carryErasure(
  erasure: Entry<"erasure">,
  holds: readonly Entry<"hold">[],
  ports: CarryPorts,
): Promise<void> {
  const { id, tenant, body } = erasure;
  const { who } = body;
  const { book, people } = ports;
  const step = book.stepOf(id);
  if (step?.kind === "done") return;
  if (holds.some((hold) => holdsPerson(hold, { tenant, who }, people))) {
    await report(erasure, { state: "held", tokens: [] }, ports);
    if (step === undefined) book.keep(id, { kind: "held" });
    return;
  }
  const recorded = step?.kind === "recorded" ? step : await recordErasure(erasure, step, ports);
  if (recorded === undefined) return;
  const { tokens } = recorded;
  // From here on nothing is kept of them, whichever process meets them.
  people.tokenOfErased(who);
  const person = recorded.person ?? (await people.personOf(tenant, who));
  if (person !== undefined) {
    // Who it is must be known until the index has forgotten them, too.
    book.keep(id, { ...recorded, person });
    await people.erase(tenant, person);
  }
  await report(erasure, { state: "erased", tokens }, ports);
  book.keep(id, { kind: "done" });
}

type Recorded = Extract<OrderStep, { kind: "recorded" }>;

async function recordErasure(
  { id, tenant, body: { who, reason, by } }: Entry<"erasure">,
  step: OrderStep | undefined,
  ports: CarryPorts,
): Promise<Recorded | undefined> {
  const { book, people } = ports;
  const person = await people.personOf(tenant, who);
  const kept = person === undefined ? [] : people.tokensOf(tenant, person);
  // After a crash: by the words that may be on the record already.
  const tokens = step?.kind === "begun" ? step.tokens : kept;
  const detail = { reason, texts: tokens.length, tenant, order: id };
  const change = { change: PERSON_ERASED, about: tokens[0] ?? id, by, detail };
  if (!(await record(id, { change, tokens }, ports))) return undefined;
  const recorded = { kind: "recorded", person, tokens } as const;
  book.keep(id, recorded);
  return recorded;
}

/** Once, whatever ended this process the last time; false where the ledger cannot be written now. */
async function record(
  name: string,
  { change, tokens }: { readonly change: Change; readonly tokens: readonly string[] },
  { book, ledger, isRecorded, now }: CarryPorts,
): Promise<boolean> {
  const step = book.stepOf(name);
  if (step?.kind === "begun") {
    const since = instant(Math.max(0, step.at - CLOCK_DOUBT_MS));
    if (await isRecorded(change, since)) return true;
  } else {
    book.keep(name, { kind: "begun", at: now(), tokens });
  }
  return ledger.healthy && ledger.change(change);
}

/** For whoever asks how far the replicas have come. */
async function report(
  order: Entry<"hold"> | Entry<"erasure">,
  { state, tokens }: Pick<Entry<"carried">["body"], "state" | "tokens">,
  { store, book: { replica }, now }: CarryPorts,
): Promise<void> {
  const id = `${order.id}/${replica}`;
  if ((await store.get("carried", id))?.body.state === state) return;
  const { tenant } = order;
  const body = { order: order.id, replica, state, at: now(), tokens };
  const entry = { kind: "carried", id, tenant, createdAt: now(), body } as const;
  await store.write({ kind: "put", entry, expect: "any" });
}
