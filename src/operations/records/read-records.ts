/** The record as callers are shown it: each the records of its own tenant. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { LedgerEvidence, Proving } from "../../core/ledger/ledger-evidence.ts";
import {
  IndexUnreachable,
  parseCursor,
  RECORD_KINDS,
  type IndexedRecord,
  type LedgerFilter,
  type LedgerIndex,
  type LedgerPage,
  type LedgerQuery,
  type TallyQuery,
  type TallyRow,
} from "../../core/ledger/ledger-index.ts";
import type { ConsistencyProof } from "../../core/ledger/consistency-proof.ts";
import type { RecordProof } from "../../core/ledger/record-proof.ts";
import type { SignedHead } from "../../core/ledger/tree-head.ts";
import { impossible } from "../../lib/impossible.ts";

/** Seconds until an index that is being built may answer. */
const BUILDING_S = 5;

export type Wish<Q extends LedgerFilter> = Omit<Q, "tenant">;

export function listRecords(
  caller: Caller,
  wish: Wish<LedgerQuery>,
  index: LedgerIndex,
): Promise<Answer<LedgerPage>> {
  const flaw = flawOf(wish) ?? flawOfCursor(wish.after, "the `next` of a page before");
  if (flaw !== undefined) return Promise.resolve(flaw);
  return asked(() => index.page({ ...wish, ...narrowedTo(caller, wish) }));
}

export function addUpRecords(
  caller: Caller,
  wish: Wish<TallyQuery>,
  index: LedgerIndex,
): Promise<Answer<readonly TallyRow[]>> {
  const flaw = flawOf(wish);
  if (flaw !== undefined) return Promise.resolve(flaw);
  return asked(() => index.tally({ ...wish, ...narrowedTo(caller, wish) }));
}

/** A kind that does not exist must not look like one of which there is nothing. */
function flawOf({ only }: Pick<LedgerFilter, "only">): Answer<never> | undefined {
  const known: readonly string[] = RECORD_KINDS;
  const wrong = only.kind?.find((kind) => !known.includes(kind));
  if (wrong === undefined) return undefined;
  const detail = `There is no kind ${wrong} of records; there is ${known.join(", ")}.`;
  return fault("invalid", detail, { pointer: "/querystring/kind" });
}

/** Else a reader who garbled it would begin anew without knowing. */
function flawOfCursor(after: string | undefined, what: string): Answer<never> | undefined {
  if (after === undefined || parseCursor(after) !== undefined) return undefined;
  const detail = `\`after\` is not ${what}.`;
  return fault("invalid", detail, { pointer: "/querystring/after" });
}

/** Of a reader who follows the record: which kinds, and the event that it saw last. */
export function flawOfFollowing(
  kind: readonly string[] | undefined,
  after: string | undefined,
): Answer<never> | undefined {
  const only = kind === undefined ? {} : { kind };
  return flawOf({ only }) ?? flawOfCursor(after, "the `id` of an event");
}

/** All records under a name; a fault where there is none. */
export async function findRecords(
  caller: Caller,
  name: string,
  index: LedgerIndex,
): Promise<Answer<readonly IndexedRecord[]>> {
  const found = await asked(() => index.find(caller.tenant, name));
  if (found.kind === "fault") return found;
  const own = found.value.filter(({ agent }) => caller.role !== "agent" || agent === caller.agent);
  return own.length > 0 ? done(own) : fault("not_found", `No record is named ${name}.`);
}

export interface ProofPorts {
  readonly index: LedgerIndex;
  readonly evidence: LedgerEvidence;
  /** Of this process's chain; other writers sign theirs on their interval. */
  readonly ledger: Pick<Ledger, "signHead">;
}

/**
 * Proofs of all records under a name, for whoever has the public key and nothing else. A head is
 * signed for what is younger than the last one.
 */
export async function proveRecords(
  caller: Caller,
  name: string,
  { index, evidence, ledger }: ProofPorts,
): Promise<Answer<readonly RecordProof[]>> {
  const found = await findRecords(caller, name, index);
  if (found.kind === "fault") return found;
  return asked(async () => {
    const prove = (): Promise<readonly Proving[]> =>
      Promise.all(found.value.map(({ writer, seq }) => evidence.prove(writer, seq)));
    let provings = await prove();
    if (provings.some(({ kind }) => kind === "not_signed_yet")) {
      await ledger.signHead?.();
      provings = await prove();
    }
    return provings.flatMap((proving) => (proving.kind === "proved" ? proving.proof : []));
  });
}

/** That the ledger only grew since a head was kept; a fault where it did not. */
export async function proveGrowth(
  from: SignedHead,
  evidence: LedgerEvidence,
): Promise<Answer<ConsistencyProof>> {
  const found = await asked(() => evidence.proveConsistency(from));
  if (found.kind === "fault") return found;
  const growth = found.value;
  switch (growth.kind) {
    case "consistent":
      return done(growth.proof);
    case "inconsistent":
      return fault("conflict", `The ledger is not what was signed: ${growth.flaw}.`);
    case "no_later_head":
      return fault("conflict", NO_LATER_HEAD);
    default:
      return impossible(growth);
  }
}

const NO_LATER_HEAD =
  "No signed head names all its chains at their length: records are gone, or it is of another ledger.";

/** An agent's key sees what the agent did. */
function narrowedTo(
  { tenant, role, agent }: Caller,
  { only }: Wish<LedgerFilter>,
): Pick<LedgerFilter, "tenant" | "only"> {
  return { tenant, only: role === "agent" ? { ...only, agent: [agent ?? ""] } : only };
}

export async function asked<T>(look: () => Promise<T>): Promise<Answer<T>> {
  try {
    return done(await look());
  } catch (error) {
    if (!(error instanceof IndexUnreachable)) throw error;
    return fault("unavailable", error.message, { retryAfter: BUILDING_S });
  }
}
