/** The index as it is asked, in SQL for SQLite and PostgreSQL, written with Kysely. */
import { expressionBuilder, sql, type Expression, type Kysely, type SqlBool } from "kysely";
import {
  cursorText,
  parseCursor,
  type Cursor,
  IndexUnreachable,
  RECORD_FIELDS,
  type ArrivalQuery,
  type Arrivals,
  type IndexedRecord,
  type LedgerFilter,
  type LedgerIndex,
  type LedgerPage,
  type LedgerQuery,
  type TallyGroup,
  type TallyQuery,
  type TallyRow,
} from "../../core/ledger/ledger-index.ts";
import type { TenantId } from "../../core/units.ts";
import { recordOfRow } from "./index-rows.ts";
import type { IndexTables } from "./index-schema.ts";

/** Records of one answer, whatever was asked. */
const PAGE_MAX = 1_000;
const TALLY_MAX = 10_000;
const DAY_MS = 86_400_000;
/** After the index was built anew, arrivals go on from this long before the last one seen. */
const OVERLAP_MS = 60_000;
const PLACE = /^(w_[0-9a-z]{26}):(\d{1,15})$/u;

type Database = Kysely<IndexTables>;

export class SqlLedgerIndex implements LedgerIndex {
  readonly #database: Database;

  readonly #reveal: (token: string) => string;

  constructor(database: Database, reveal: (token: string) => string = (token) => token) {
    this.#database = database;
    this.#reveal = reveal;
  }

  async page(query: LedgerQuery): Promise<LedgerPage> {
    const limit = Math.min(query.limit, PAGE_MAX);
    const direction = query.order === "newest" ? "desc" : "asc";
    const from = parseCursor(query.after ?? "");
    const records = await this.#read((rows) => {
      let found = rows.where(wanted(query));
      if (from !== undefined) {
        const side = query.order === "newest" ? "<" : ">";
        found = found.where((of) =>
          of(
            of.refTuple("ledger_entry.at", "ledger_entry.position"),
            side,
            of.tuple(from.at, from.position),
          ),
        );
      }
      return found
        .orderBy("ledger_entry.at", direction)
        .orderBy("ledger_entry.position", direction)
        .limit(limit);
    });
    const last = records.at(-1);
    const isFull = last !== undefined && records.length === limit;
    return { records, next: isFull ? cursorText(last) : undefined };
  }

  async find(tenant: TenantId, name: string): Promise<readonly IndexedRecord[]> {
    const [, writer, seq] = PLACE.exec(name) ?? [];
    return this.#read((rows) => {
      const own = rows.where("tenant", "=", tenant).limit(PAGE_MAX);
      if (writer === undefined) return own.where("subject", "=", name).orderBy("ledger_entry.at");
      return own.where("writer", "=", writer).where("seq", "=", Number(seq));
    });
  }

  async tally({ groups, max, ...filter }: TallyQuery): Promise<readonly TallyRow[]> {
    const rows = await ask(() => {
      let sums = this.#database
        .selectFrom("ledger_entry")
        .where(wanted(filter))
        .select((of) => [
          of.fn.countAll<number>().as("count"),
          of.fn.sum<number | null>("flagged").as("flagged"),
          of.fn.sum<number | null>("cost").as("cost"),
        ]);
      for (const group of groups) {
        const value = group === "day" ? DAY : sql<string | null>`${sql.ref(group)}`;
        sums = sums.select(value.as(group)).groupBy(value);
      }
      return sums.orderBy("count", "desc").limit(Math.min(max, TALLY_MAX)).execute();
    });
    return rows.map((row) => ({
      cell: cellOf(row, groups),
      count: Number(row.count),
      flagged: Number(row.flagged ?? 0),
      cost: Number(row.cost ?? 0),
    }));
  }

  async arrivals({ tenant, after, limit }: ArrivalQuery): Promise<Arrivals> {
    const from = parseCursor(after ?? "");
    if (from === undefined) return { records: [], cursor: await this.#newest() };
    const isKnown = from.position === 0 || (await this.#isAt(from));
    const records = await this.#read((rows) => {
      const own = rows.where("tenant", "=", tenant).orderBy("ledger_entry.position");
      const fresh = isKnown
        ? own.where("ledger_entry.position", ">", from.position)
        : own.where("ledger_entry.at", ">=", from.at - OVERLAP_MS);
      return fresh.limit(Math.min(limit, PAGE_MAX));
    });
    const last = records.at(-1);
    return { records, cursor: last === undefined ? cursorText(from) : cursorText(last) };
  }

  /** Grows with every arrival. */
  async newestPosition(): Promise<number> {
    const { value } = await ask(() =>
      this.#database.selectFrom("ledger_arrival").select("value").executeTakeFirstOrThrow(),
    );
    return Number(value);
  }

  async #newest(): Promise<string> {
    const last = await ask(() =>
      this.#database
        .selectFrom("ledger_entry")
        .select(["position", "at"])
        .orderBy("position", "desc")
        .limit(1)
        .executeTakeFirst(),
    );
    return cursorText(last ?? { at: 0, position: 0 });
  }

  async #isAt({ at, position }: Cursor): Promise<boolean> {
    const found = await ask(() =>
      this.#database
        .selectFrom("ledger_entry")
        .select("at")
        .where("position", "=", position)
        .executeTakeFirst(),
    );
    return found !== undefined && Number(found.at) === at;
  }

  async #read(
    choose: (rows: ReturnType<typeof joined>) => ReturnType<typeof joined>,
  ): Promise<readonly IndexedRecord[]> {
    const rows = await ask(() =>
      choose(joined(this.#database)).selectAll("ledger_entry").select("record").execute(),
    );
    return rows.map((row) => recordOfRow(row, this.#reveal));
  }
}

function joined(database: Database) {
  return database
    .selectFrom("ledger_entry")
    .innerJoin("ledger_record", "ledger_record.position", "ledger_entry.position");
}

/** Integer division: the number of the UTC day. */
const DAY = sql<string | null>`"at" / ${sql.lit(DAY_MS)}`;

/** What the filter leaves, as a condition on `ledger_entry`. */
function wanted(filter: LedgerFilter): Expression<SqlBool> {
  const { tenant, only, from, to, flagged, scoreMin, text } = filter;
  const of = expressionBuilder<IndexTables, "ledger_entry">();
  const conditions: Expression<SqlBool>[] = [of("ledger_entry.tenant", "=", tenant)];
  for (const field of RECORD_FIELDS) {
    const [first, ...more] = only[field] ?? [];
    if (first === undefined) continue;
    const column = `ledger_entry.${field}` as const;
    // One value as `=`: an index is then used for its order, too.
    conditions.push(
      more.length === 0 ? of(column, "=", first) : of(column, "in", [first, ...more]),
    );
  }
  if (from !== undefined) conditions.push(of("ledger_entry.at", ">=", from));
  if (to !== undefined) conditions.push(of("ledger_entry.at", "<", to));
  if (flagged !== undefined) conditions.push(of("ledger_entry.flagged", "=", flagged ? 1 : 0));
  if (scoreMin !== undefined) conditions.push(of("ledger_entry.score", ">=", scoreMin));
  if (text !== undefined) {
    const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/gu, (sign) => `\\${sign}`)}%`;
    conditions.push(sql<SqlBool>`words LIKE ${pattern} ESCAPE '\\'`);
  }
  return of.and(conditions);
}

function cellOf(row: object, groups: readonly TallyGroup[]): TallyRow["cell"] {
  const values = new Map<string, string | number | null>(Object.entries(row));
  const cell: Partial<Record<TallyGroup, string>> = {};
  for (const group of groups) {
    const value = values.get(group);
    if (value === null || value === undefined) continue;
    cell[group] = group === "day" ? dayText(Number(value)) : String(value);
  }
  return cell;
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

async function ask<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    throw new IndexUnreachable("The ledger's index cannot be reached now.", error);
  }
}
