import { readFileSync } from "node:fs";
import { shipped, type ShipFormat, type ShippedRecord } from "../../core/ledger/shipped-record.ts";
import { migratePostgres, openPool } from "../postgres/postgres-pool.ts";
import type { Sink, SinkAddress } from "./sink-plan.ts";

type PostgresTarget = Extract<SinkAddress, { kind: "postgres" }>;

const SCHEMA = {
  table: "ledger_shipped_version",
  lock: 41_004_103,
  migrations: [
    `CREATE TABLE ledger_shipped (
       writer TEXT NOT NULL,
       seq BIGINT NOT NULL,
       at BIGINT NOT NULL,
       kind TEXT NOT NULL,
       hash TEXT NOT NULL,
       record TEXT NOT NULL,
       body JSONB NOT NULL,
       PRIMARY KEY (writer, seq)
     );
     CREATE INDEX ledger_shipped_time ON ledger_shipped (at)`,
  ],
} as const;

const INSERT = `INSERT INTO ledger_shipped (writer, seq, at, kind, hash, record, body)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
    $7::jsonb[])
  ON CONFLICT (writer, seq) DO NOTHING`;

/** A table that has each record once, however often it comes; `record` is what was hashed. */
export function postgresSink({ url, tokenFile }: PostgresTarget, format: ShipFormat): Sink {
  const address = new URL(url);
  if (tokenFile !== undefined) address.password = readFileSync(tokenFile, "utf8").trim();
  const pool = openPool(address.href);
  let migrated: Promise<void> | undefined;
  return {
    async deliver(records) {
      migrated ??= migratePostgres(pool, SCHEMA).catch((error: unknown) => {
        migrated = undefined;
        throw error;
      });
      await migrated;
      await pool.query(INSERT, columnsOf(records, format));
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

function columnsOf(records: readonly ShippedRecord[], format: ShipFormat): unknown[] {
  return [
    records.map(({ entry }) => entry.writer),
    records.map(({ entry }) => entry.seq),
    records.map(({ entry }) => entry.at),
    records.map(({ entry }) => entry.kind),
    records.map(({ hash }) => hash),
    records.map(({ text }) => text),
    records.map((record) => JSON.stringify(shipped(record, format))),
  ];
}
