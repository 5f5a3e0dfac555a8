import { DatabaseSync } from "node:sqlite";
import { VaultFault } from "./vault-fault.ts";

const WAIT_MS = 5_000;

/**
 * Runs `change` while no other process does. The lock is SQLite's own on an empty database: the
 * system lets go of it when its holder dies, which no lock file with a pid in it can promise.
 */
export function underVaultLock<T>(path: string, change: () => T): T {
  const lock = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    try {
      lock.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      throw new VaultFault(`another process is changing the vault (waited ${WAIT_MS} ms)`, {
        cause: error,
      });
    }
    return change();
  } finally {
    lock.close();
  }
}
