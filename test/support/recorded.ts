/** What the ledger of a data directory says, read with the program's own readers. */
import { join } from "node:path";
import type { Entry, IntentEntry, OutcomeEntry } from "../../src/core/ledger/entry.ts";
import { readEntries } from "../../src/stores/ledger/read-ledger.ts";
import { verifyLedger, type ChainReport } from "../../src/stores/ledger/verify-ledger.ts";

export interface Recorded {
  readonly entries: readonly Entry[];
  readonly intents: ReadonlyMap<string, IntentEntry>;
  /** By exchange; more than one for an exchange is a fault of the ledger. */
  readonly outcomes: ReadonlyMap<string, readonly OutcomeEntry[]>;
}

export async function readRecorded(dataDirectory: string): Promise<Recorded> {
  const entries: Entry[] = [];
  const intents = new Map<string, IntentEntry>();
  const outcomes = new Map<string, OutcomeEntry[]>();
  for await (const { entry } of readEntries(join(dataDirectory, "ledger"))) {
    entries.push(entry);
    if (entry.kind === "intent") intents.set(entry.exchange, entry);
    if (entry.kind === "outcome") {
      outcomes.set(entry.exchange, [...(outcomes.get(entry.exchange) ?? []), entry]);
    }
  }
  return { entries, intents, outcomes };
}

export async function verifyRecorded(dataDirectory: string): Promise<readonly ChainReport[]> {
  const reports: ChainReport[] = [];
  for await (const report of verifyLedger(join(dataDirectory, "ledger"))) reports.push(report);
  return reports;
}

/** The one outcome of an exchange. */
export function outcomeOf({ outcomes }: Recorded, exchange: string): OutcomeEntry {
  const [outcome, ...more] = outcomes.get(exchange) ?? [];
  if (outcome === undefined || more.length > 0) {
    throw new Error(`${exchange} has ${more.length === 0 ? "no outcome" : "several outcomes"}`);
  }
  return outcome;
}
