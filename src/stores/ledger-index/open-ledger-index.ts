/** The index of a ledger: opened, fed from the segments, asked, built anew, compared with them. */
import { Kysely, PostgresDialect } from "kysely";
import type { IndexTables } from "./index-schema.ts";
import { MIGRATIONS } from "./index-schema.ts";
import { chainsOf } from "../ledger/read-ledger.ts";
import { readOnward } from "../ledger/read-onward.ts";
import { migratePostgres, openPool } from "../postgres/postgres-pool.ts";
import { SqlitePersonalStore } from "../sqlite/personal-store.ts";
import { openDatabase } from "../sqlite/database.ts";
import { nodeSqliteDialect } from "../sqlite/kysely-dialect.ts";
import { compareIndex, type IndexReport } from "./compare-index.ts";
import { forgetPerson, type Person } from "./forget-person.ts";
import { revealed } from "../../core/ledger/personal-texts.ts";
import { forgetChain, positionIn, removeRows, takePiece } from "./feed-index.ts";
import type { IndexPlace } from "./index-place.ts";
import { SqlLedgerIndex } from "./sql-ledger-index.ts";

/** Looks through a million rows take seconds. */
const STATEMENT_MS = 60_000;
/** Another process feeds in steps that are shorter. */
const BUSY_MS = 2_000;

const SCHEMA = { table: "ledger_index_version", lock: 41_004_102, migrations: MIGRATIONS };

/** Rejects where the file cannot be opened or the server cannot be reached. */
export async function openLedgerIndex(place: IndexPlace): Promise<OpenLedgerIndex> {
  const { url, file, ledger } = place;
  // A text that cannot be looked up is an error of the question.
  const personal = new SqlitePersonalStore(place.personalFile, (cause) => {
    throw cause;
  });
  if (url === undefined) {
    const database = openDatabase(file, MIGRATIONS);
    database.exec(`PRAGMA busy_timeout=${BUSY_MS}; PRAGMA secure_delete=ON`);
    const kysely = new Kysely<IndexTables>({ dialect: nodeSqliteDialect(database) });
    const emptyLog = (): void => database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return new OpenLedgerIndex(kysely, { ledger, personal, emptyLog });
  }
  const pool = openPool(url, { statementMs: STATEMENT_MS });
  try {
    await migratePostgres(pool, SCHEMA);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const kysely = new Kysely<IndexTables>({ dialect: new PostgresDialect({ pool }) });
  // What a server keeps of old rows is its operator's.
  return new OpenLedgerIndex(kysely, { ledger, personal, emptyLog: () => undefined });
}

export interface IndexParts {
  readonly ledger: string;
  readonly personal: SqlitePersonalStore;
  /** What was overwritten is gone from the disk afterwards. */
  readonly emptyLog: () => void;
}

export class OpenLedgerIndex extends SqlLedgerIndex implements AsyncDisposable {
  readonly #database: Kysely<IndexTables>;
  readonly #ledger: string;
  readonly #personal: SqlitePersonalStore;
  readonly #emptyLog: () => void;

  constructor(database: Kysely<IndexTables>, { ledger, personal, emptyLog }: IndexParts) {
    super(database, personal.reveal);
    this.#database = database;
    this.#emptyLog = emptyLog;
    this.#ledger = ledger;
    this.#personal = personal;
  }

  /**
   * Brings in what was written by now, until `deadline` says that it is enough. Answers with how
   * many records came, and whether it is up to date. Rejects where segments or database refuse.
   */
  async feed(isEnough: () => boolean = () => false): Promise<Fed> {
    let records = 0;
    for (const writer of await chainsOf(this.#ledger)) {
      for (;;) {
        if (isEnough()) return { records, complete: false };
        const taken = await this.#feedPiece(writer);
        if (taken === 0) break;
        records += taken;
      }
    }
    return { records, complete: true };
  }

  /** Forgets the chains of this ledger and brings them in anew; what others share stays. */
  async rebuild(told: (records: number) => void): Promise<void> {
    for (const writer of await chainsOf(this.#ledger)) {
      await forgetChain(this.#database, writer);
      for (let taken = 1; taken > 0;) {
        taken = await this.#feedPiece(writer);
        told(taken);
      }
    }
  }

  /** What the index says otherwise than the segments. What it does not know yet is no difference. */
  compare(): AsyncGenerator<IndexReport> {
    return compareIndex(this.#database, this.#ledger, this.#personal);
  }

  /** Takes out a chain's records up to and with `seq`: retention removed them. */
  async drop(writer: string, seq: number): Promise<void> {
    await this.#database.transaction().execute((step) => {
      return removeRows(step, writer, { from: 0, to: seq });
    });
  }

  /** What is shown of a person from now on is what can be revealed: tokens, once it was erased. */
  async forgetPerson(person: Person): Promise<void> {
    await forgetPerson(this.#database, person, this.#personal);
    this.#emptyLog();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.destroy();
    this.#personal[Symbol.dispose]();
  }

  /** 0: there is nothing more. */
  async #feedPiece(writer: string): Promise<number> {
    for (;;) {
      const from = await positionIn(this.#database, writer);
      const { records, position } = await readOnward(this.#ledger, writer, from);
      if (records.length === 0) return 0;
      const shown = records.map((read) => ({
        ...read,
        entry: revealed(read.entry, this.#personal),
      }));
      const taken = await takePiece(this.#database, { writer, records: shown, from, position });
      if (taken) return records.length;
    }
  }
}

export interface Fed {
  readonly records: number;
  readonly complete: boolean;
}
