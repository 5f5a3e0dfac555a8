import type { PostgresSchema } from "../postgres/postgres-pool.ts";

/**
 * The directory's tables, in SQL that SQLite and PostgreSQL read alike. `MIGRATIONS[i]` moves the
 * version from i to i+1; they only go forward. Entries are one table: revision (which is ETag and
 * feed of changes), tenant, paging and expiry are the same for all of them and written once.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE directory_entry (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     tenant TEXT NOT NULL,
     owner TEXT,
     name TEXT,
     revision BIGINT NOT NULL,
     created_at BIGINT NOT NULL,
     expires_at BIGINT,
     body TEXT,
     PRIMARY KEY (kind, id)
   );
   CREATE UNIQUE INDEX directory_entry_name ON directory_entry (kind, name);
   CREATE INDEX directory_entry_owner ON directory_entry (kind, tenant, owner, id);
   CREATE INDEX directory_entry_feed ON directory_entry (revision);
   CREATE INDEX directory_entry_expiry ON directory_entry (expires_at);
   CREATE TABLE directory_key_use (
     id TEXT PRIMARY KEY,
     used_at BIGINT NOT NULL
   );
   CREATE TABLE directory_revision (value BIGINT NOT NULL);
   INSERT INTO directory_revision (value) VALUES (0);`,
  `CREATE TABLE directory_quota (
     id TEXT NOT NULL,
     meter TEXT NOT NULL,
     period TEXT NOT NULL,
     tenant TEXT NOT NULL,
     since BIGINT NOT NULL,
     used BIGINT NOT NULL,
     PRIMARY KEY (id, meter, period)
   );
   CREATE INDEX directory_quota_month ON directory_quota (tenant, meter, period);`,
];

/** On PostgreSQL. */
export const DIRECTORY_SCHEMA: PostgresSchema = {
  table: "directory_version",
  lock: 41_004_101,
  migrations: MIGRATIONS,
};

/** The rows, as both databases give them. */
export interface DirectoryTables {
  readonly directory_entry: EntryRow;
  readonly directory_key_use: { readonly id: string; readonly used_at: number };
  readonly directory_revision: { readonly value: number };
  readonly directory_quota: QuotaRow;
}

export interface QuotaRow {
  /** Of the key. */
  readonly id: string;
  readonly meter: string;
  /** `minute`, `hour`, or a month such as `2026-11`. */
  readonly period: string;
  readonly tenant: string;
  readonly since: number;
  readonly used: number;
}

export interface EntryRow {
  readonly kind: string;
  readonly id: string;
  readonly tenant: string;
  readonly owner: string | null;
  readonly name: string | null;
  readonly revision: number;
  readonly created_at: number;
  readonly expires_at: number | null;
  /** JSON; null where the entry was removed: the row then tells the feed so. */
  readonly body: string | null;
}

/** Told on PostgreSQL with every write. */
export const CHANNEL = "sallyport_directory";
