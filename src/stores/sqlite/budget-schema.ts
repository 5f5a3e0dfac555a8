/**
 * `balance`: one row per budget instance and window turn. `hold`: live holds only, so it stays as
 * small as the number of exchanges in flight and needs no index but its key. `expired_hold`: holds
 * that became spend when their lease ended, kept so that a late settle can correct them.
 */
export const BUDGET_MIGRATIONS: readonly string[] = [
  `CREATE TABLE balance (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     key TEXT NOT NULL UNIQUE,
     spent INTEGER NOT NULL,
     held INTEGER NOT NULL,
     keep_until INTEGER
   ) STRICT;
   CREATE INDEX balance_keep_until ON balance (keep_until) WHERE keep_until IS NOT NULL;
   CREATE TABLE hold (
     exchange TEXT NOT NULL,
     balance INTEGER NOT NULL,
     amount INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (exchange, balance)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE expired_hold (
     exchange TEXT NOT NULL,
     balance INTEGER NOT NULL,
     amount INTEGER NOT NULL,
     keep_until INTEGER NOT NULL,
     PRIMARY KEY (exchange, balance)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX expired_hold_keep_until ON expired_hold (keep_until);`,
  `ALTER TABLE hold RENAME COLUMN exchange TO attempt;
   ALTER TABLE expired_hold RENAME COLUMN exchange TO attempt;`,
];
