/**
 * Index against segments, chain by chain: each record once, with the text, hash and facts that it
 * has. What was written since the index was last fed is not missing.
 */
import { isDeepStrictEqual } from "node:util";
import type { Kysely } from "kysely";
import type { RecordFacts } from "../../core/ledger/ledger-index.ts";
import { revealed, type PersonalTexts } from "../../core/ledger/personal-texts.ts";
import { factsInOrder } from "../../core/ledger/record-facts.ts";
import { CHAIN_START, readOnward, type ReadRecord } from "../ledger/read-onward.ts";
import { chainsOf } from "../ledger/read-ledger.ts";
import type { SeqRange } from "./feed-index.ts";
import { recordOfRow, rowOf } from "./index-rows.ts";
import type { EntryRow, IndexTables } from "./index-schema.ts";

/** Differences that one chain's report lists; more are only counted. */
const DIFFERENCES_MAX = 50;

export interface IndexReport {
  readonly writer: string;
  readonly records: number;
  readonly differences: readonly IndexDifference[];
  readonly differencesOmitted: number;
}

export interface IndexDifference {
  readonly seq: number;
  /** Of the index: it lacks the record, has another one, or one that the segments do not have. */
  readonly kind: "missing" | "different" | "foreign";
}

export async function* compareIndex(
  database: Kysely<IndexTables>,
  ledger: string,
  personal: PersonalTexts,
): AsyncGenerator<IndexReport> {
  for (const writer of await chainsOf(ledger)) {
    yield await compareChain({ database, ledger, personal }, writer);
  }
}

interface Compared {
  readonly database: Kysely<IndexTables>;
  readonly ledger: string;
  readonly personal: PersonalTexts;
}

async function compareChain(
  { database, ledger, personal }: Compared,
  writer: string,
): Promise<IndexReport> {
  const found: Differences = { listed: [], omitted: 0 };
  const intents = new Map<string, RecordFacts>();
  let records = 0;
  let next = 0;
  const known = await lastSeqOf(database, writer);
  for (let from = CHAIN_START; next <= known;) {
    const onward = await readOnward(ledger, writer, from);
    const some = onward.records.filter(({ entry }) => entry.seq <= known);
    const last = some.at(-1);
    if (last === undefined) break;
    const rows = await rowsBetween(database, writer, { from: next, to: last.entry.seq });
    for (const read of some) {
      const { seq } = read.entry;
      const row = rows.get(seq);
      rows.delete(seq);
      if (row === undefined) differ(found, seq, "missing");
      else if (!isSame(row, read, factsInOrder(intents, revealed(read.entry, personal))))
        differ(found, seq, "different");
    }
    for (const seq of rows.keys()) differ(found, seq, "foreign");
    records += some.length;
    next = last.entry.seq + 1;
    from = onward.position;
  }
  const beyond = await rowsBetween(database, writer, { from: next, to: next + DIFFERENCES_MAX });
  for (const seq of beyond.keys()) differ(found, seq, "foreign");
  return { writer, records, differences: found.listed, differencesOmitted: found.omitted };
}

/** -1: the index knows nothing of the chain. */
async function lastSeqOf(database: Kysely<IndexTables>, writer: string): Promise<number> {
  const row = await database
    .selectFrom("ledger_chain")
    .select("seq")
    .where("writer", "=", writer)
    .executeTakeFirst();
  return row === undefined ? -1 : Number(row.seq);
}

type KnownRow = EntryRow & { readonly record: string };

function isSame(known: KnownRow, read: ReadRecord, facts: RecordFacts): boolean {
  if (known.record !== read.text || known.hash !== read.hash) return false;
  const meant = { ...rowOf(read, facts, Number(known.position)), record: known.record };
  return isDeepStrictEqual(recordOfRow(known, String), recordOfRow(meant, String));
}

interface Differences {
  readonly listed: IndexDifference[];
  omitted: number;
}

function differ(found: Differences, seq: number, kind: IndexDifference["kind"]): void {
  if (found.listed.length < DIFFERENCES_MAX) found.listed.push({ seq, kind });
  else found.omitted += 1;
}

async function rowsBetween(
  database: Kysely<IndexTables>,
  writer: string,
  { from, to }: SeqRange,
): Promise<Map<number, KnownRow>> {
  const rows = await database
    .selectFrom("ledger_entry")
    .innerJoin("ledger_record", "ledger_record.position", "ledger_entry.position")
    .selectAll("ledger_entry")
    .select("record")
    .where("writer", "=", writer)
    .where("seq", ">=", from)
    .where("seq", "<=", to)
    .execute();
  return new Map(rows.map((row) => [Number(row.seq), row]));
}
