/**
 * The index's tables, in SQL that SQLite and PostgreSQL read alike. `MIGRATIONS[i]` moves the
 * version from i to i+1; they only go forward. What people search by stands apart from the records
 * themselves, so that a look through all rows reads a tenth of the bytes.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE ledger_entry (
     position BIGINT PRIMARY KEY,
     writer TEXT NOT NULL,
     seq BIGINT NOT NULL,
     hash TEXT NOT NULL,
     "at" BIGINT NOT NULL,
     kind TEXT NOT NULL,
     tenant TEXT NOT NULL,
     subject TEXT,
     agent TEXT,
     session TEXT,
     "user" TEXT,
     upstream TEXT,
     model TEXT,
     tool TEXT,
     action TEXT,
     effect TEXT,
     outcome TEXT,
     code TEXT,
     cost BIGINT,
     flagged SMALLINT NOT NULL,
     score REAL,
     words TEXT NOT NULL
   );
   CREATE UNIQUE INDEX ledger_entry_place ON ledger_entry (writer, seq);
   CREATE INDEX ledger_entry_time ON ledger_entry (tenant, "at", position);
   CREATE INDEX ledger_entry_agent ON ledger_entry (tenant, agent, "at", position)
     WHERE agent IS NOT NULL;
   CREATE INDEX ledger_entry_session ON ledger_entry (tenant, session, "at", position)
     WHERE session IS NOT NULL;
   CREATE INDEX ledger_entry_code ON ledger_entry (tenant, code, "at", position)
     WHERE code IS NOT NULL;
   CREATE INDEX ledger_entry_flagged ON ledger_entry (tenant, "at", position)
     WHERE flagged = 1;
   CREATE INDEX ledger_entry_subject ON ledger_entry (subject) WHERE subject IS NOT NULL;
   CREATE TABLE ledger_record (position BIGINT PRIMARY KEY, record TEXT NOT NULL);
   CREATE TABLE ledger_chain (
     writer TEXT PRIMARY KEY,
     number BIGINT NOT NULL,
     "offset" BIGINT NOT NULL,
     seq BIGINT NOT NULL
   );
   CREATE TABLE ledger_arrival (value BIGINT NOT NULL);
   INSERT INTO ledger_arrival (value) VALUES (0);`,
];

/** The rows, as both databases give them; PostgreSQL gives large integers as texts. */
export interface IndexTables {
  readonly ledger_entry: EntryRow;
  readonly ledger_record: { readonly position: number; readonly record: string };
  readonly ledger_chain: {
    readonly writer: string;
    readonly number: number;
    readonly offset: number;
    /** Of the last record that came. */
    readonly seq: number;
  };
  readonly ledger_arrival: { readonly value: number };
}

export interface EntryRow {
  readonly position: number;
  readonly writer: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly kind: string;
  readonly tenant: string;
  readonly subject: string | null;
  readonly agent: string | null;
  readonly session: string | null;
  readonly user: string | null;
  readonly upstream: string | null;
  readonly model: string | null;
  readonly tool: string | null;
  readonly action: string | null;
  readonly effect: string | null;
  readonly outcome: string | null;
  readonly code: string | null;
  /** Nano-USD. */
  readonly cost: number | null;
  readonly flagged: number;
  readonly score: number | null;
  readonly words: string;
}
