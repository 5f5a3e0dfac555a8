/** Brings what the segments say into the index: each record once, and in one step with its place. */
import type { Kysely, Transaction } from "kysely";
import type { RecordFacts } from "../../core/ledger/ledger-index.ts";
import { factsOf } from "../../core/ledger/record-facts.ts";
import { CHAIN_START, type ChainPosition, type ReadRecord } from "../ledger/read-onward.ts";
import { factsOfRow, rowOf } from "./index-rows.ts";
import type { EntryRow, IndexTables } from "./index-schema.ts";

/** Rows of one statement: both databases bound its parameters. */
const ROWS_MAX = 64;

type Step = Transaction<IndexTables>;

/** Where the index is in a chain. */
export async function positionIn(
  database: Kysely<IndexTables>,
  writer: string,
): Promise<ChainPosition> {
  const row = await database
    .selectFrom("ledger_chain")
    .selectAll()
    .where("writer", "=", writer)
    .executeTakeFirst();
  return row === undefined
    ? CHAIN_START
    : { number: Number(row.number), offset: Number(row.offset) };
}

export interface Piece {
  readonly writer: string;
  /** At least one. */
  readonly records: readonly ReadRecord[];
  /** Where the piece begins, and where the next one does. */
  readonly from: ChainPosition;
  readonly position: ChainPosition;
}

/** False where somebody else brought it in meanwhile: then the place must be asked for anew. */
export async function takePiece(database: Kysely<IndexTables>, piece: Piece): Promise<boolean> {
  return database.transaction().execute(async (step) => {
    // Taken first: it locks out everybody else who feeds.
    const first = await arrivalNumbers(step, piece.records.length);
    const known = await positionIn(step, piece.writer);
    if (known.number !== piece.from.number || known.offset !== piece.from.offset) {
      return false;
    }
    await replace(step, piece.writer, await rowsOf(step, piece.records, first));
    const { writer, position, records } = piece;
    const standing = { ...position, seq: records.at(-1)?.entry.seq ?? -1 };
    await step
      .insertInto("ledger_chain")
      .values({ writer, ...standing })
      .onConflict((conflict) => conflict.column("writer").doUpdateSet(standing))
      .execute();
    return true;
  });
}

/** Takes a chain out of the index, so that it is brought in anew. */
export async function forgetChain(database: Kysely<IndexTables>, writer: string): Promise<void> {
  await database.transaction().execute(async (step) => {
    await arrivalNumbers(step, 0);
    await removeRows(step, writer, { from: 0, to: Number.MAX_SAFE_INTEGER });
    await step.deleteFrom("ledger_chain").where("writer", "=", writer).execute();
  });
}

/** Records `from` up to and with `to` of a chain. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

export async function removeRows(
  step: Kysely<IndexTables>,
  writer: string,
  { from, to }: SeqRange,
): Promise<void> {
  const places = step
    .selectFrom("ledger_entry")
    .select("position")
    .where("writer", "=", writer)
    .where("seq", ">=", from)
    .where("seq", "<=", to);
  await step.deleteFrom("ledger_record").where("position", "in", places).execute();
  await step
    .deleteFrom("ledger_entry")
    .where("writer", "=", writer)
    .where("seq", ">=", from)
    .where("seq", "<=", to)
    .execute();
}

interface NewRow {
  readonly row: EntryRow;
  readonly record: string;
}

/** A commit that failed may have been read before it was cut: its places are taken anew. */
async function replace(step: Step, writer: string, rows: readonly NewRow[]): Promise<void> {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return;
  await removeRows(step, writer, { from: first.row.seq, to: last.row.seq });
  for (let start = 0; start < rows.length; start += ROWS_MAX) {
    const some = rows.slice(start, start + ROWS_MAX);
    await step
      .insertInto("ledger_entry")
      .values(some.map(({ row }) => row))
      .execute();
    const records = some.map(({ row, record }) => ({ position: row.position, record }));
    await step.insertInto("ledger_record").values(records).execute();
  }
}

async function rowsOf(
  step: Step,
  records: readonly ReadRecord[],
  first: number,
): Promise<readonly NewRow[]> {
  const intents = await intentsOf(step, records);
  return records.map((read, index) => {
    const { entry, text } = read;
    const facts = factsOf(entry, "exchange" in entry ? intents.get(entry.exchange) : undefined);
    if (entry.kind === "intent") intents.set(entry.exchange, facts);
    return { row: rowOf(read, facts, first + index), record: text };
  });
}

/** What was asked by the outcomes whose intents came with an earlier piece. */
async function intentsOf(
  step: Step,
  records: readonly ReadRecord[],
): Promise<Map<string, RecordFacts>> {
  const here = new Set<string>();
  const wanted: string[] = [];
  for (const { entry } of records) {
    if (entry.kind === "intent") here.add(entry.exchange);
    if (entry.kind !== "outcome" || entry.asked !== undefined) continue;
    if (!here.has(entry.exchange)) wanted.push(entry.exchange);
  }
  const intents = new Map<string, RecordFacts>();
  for (let start = 0; start < wanted.length; start += ROWS_MAX) {
    const rows = await step
      .selectFrom("ledger_entry")
      .selectAll()
      .where("subject", "in", wanted.slice(start, start + ROWS_MAX))
      .where("kind", "=", "intent")
      .execute();
    for (const row of rows) intents.set(row.subject ?? "", factsOfRow(row));
  }
  return intents;
}

/** The first of `count` numbers that nobody else has. */
async function arrivalNumbers(step: Step, count: number): Promise<number> {
  const { value } = await step
    .updateTable("ledger_arrival")
    .set((of) => ({ value: of("value", "+", count) }))
    .returning("value")
    .executeTakeFirstOrThrow();
  return Number(value) - count + 1;
}
