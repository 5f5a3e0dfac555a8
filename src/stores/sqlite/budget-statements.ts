import type { DatabaseSync, StatementSync } from "node:sqlite";

/** All that one connection to the budget file ever says, prepared once. */
export function prepareBudgetStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    begin: prepare("BEGIN IMMEDIATE"),
    commit: prepare("COMMIT"),
    rollback: prepare("ROLLBACK"),
    readByKey: prepare("SELECT id, key, spent, held FROM balance WHERE key = ?"),
    readById: prepare("SELECT id, key, spent, held FROM balance WHERE id = ?"),
    listAfter: prepare(
      `SELECT id, key, spent, held FROM balance WHERE key > ? AND key < ? ORDER BY key LIMIT ?`,
    ),
    addBalance: prepare(
      `INSERT INTO balance (key, spent, held, keep_until) VALUES (?, 0, 0, ?)
       RETURNING id, key, spent, held`,
    ),
    writeBalance: prepare(
      "UPDATE balance SET spent = ?, held = ? WHERE id = ? AND spent = ? AND held = ?",
    ),
    keepBalance: prepare("UPDATE balance SET keep_until = ? WHERE id = ? AND keep_until < ?"),
    dropBalances: prepare(
      `DELETE FROM balance WHERE id IN
       (SELECT id FROM balance WHERE keep_until <= ? AND held = 0 LIMIT ?)`,
    ),
    findHold: prepare("SELECT 1 FROM hold WHERE attempt = ? LIMIT 1"),
    countHeld: prepare("SELECT count(DISTINCT attempt) AS held FROM hold"),
    readHolds: prepare("SELECT balance, amount FROM hold WHERE attempt = ?"),
    holdsOn: prepare("SELECT attempt, amount, expires_at FROM hold WHERE balance = ? LIMIT ?"),
    addHold: prepare("INSERT INTO hold VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    writeHold: prepare(
      "UPDATE hold SET amount = ?, expires_at = ? WHERE attempt = ? AND balance = ?",
    ),
    takeHolds: prepare("DELETE FROM hold WHERE attempt = ? RETURNING balance, amount"),
    removeHolds: prepare("DELETE FROM hold WHERE attempt = ?"),
    findDead: prepare("SELECT DISTINCT attempt FROM hold WHERE expires_at <= ? LIMIT ?"),
    addExpired: prepare("INSERT INTO expired_hold VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    takeExpired: prepare("DELETE FROM expired_hold WHERE attempt = ? RETURNING balance, amount"),
    dropExpired: prepare(
      `DELETE FROM expired_hold WHERE (attempt, balance) IN
       (SELECT attempt, balance FROM expired_hold WHERE keep_until <= ? LIMIT ?)`,
    ),
  };
}
