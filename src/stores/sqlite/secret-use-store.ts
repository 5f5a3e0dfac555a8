import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SecretUse, SecretUses } from "../../core/secret/secret-store.ts";
import { instant, type Instant, type TenantId } from "../../core/units.ts";
import { inTransaction } from "./in-transaction.ts";
import { openDatabase } from "./database.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

const FLUSH_MS = 1_000;
/** Secrets with uses not yet written; past it the oldest of these are forgotten: they prove nothing. */
const PENDING_MAX = 10_000;

const MIGRATIONS = [
  `CREATE TABLE secret_use (
     tenant TEXT NOT NULL,
     name TEXT NOT NULL,
     count INTEGER NOT NULL,
     last_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, name)
   ) STRICT, WITHOUT ROWID`,
];

const ADD = `INSERT INTO secret_use VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  count = count + excluded.count, last_at = max(last_at, excluded.last_at)`;

interface Pending {
  readonly tenant: TenantId;
  readonly name: string;
  count: number;
  lastAt: Instant;
}

interface Connection {
  readonly database: DatabaseSync;
  readonly add: StatementSync;
}

/** One file for all processes of a data directory; opened with the first use. */
export class SqliteSecretUses implements SecretUses, Disposable {
  readonly #path: string;
  readonly #onFault: (cause: unknown) => void;
  readonly #pending = new Map<string, Pending>();
  #open: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, onFault: (cause: unknown) => void) {
    this.#path = path;
    this.#onFault = onFault;
  }

  add(tenant: TenantId, name: string, at: Instant): void {
    const key = `${tenant}\n${name}`;
    const known = this.#pending.get(key);
    if (known === undefined) {
      keepRecent(this.#pending, key, { tenant, name, count: 1, lastAt: at }, PENDING_MAX);
    } else {
      known.count += 1;
      known.lastAt = at;
    }
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  of(tenant: TenantId, name: string): SecretUse | undefined {
    this.#flush();
    const row = this.#connection()
      .database.prepare("SELECT count, last_at FROM secret_use WHERE tenant = ? AND name = ?")
      .get(tenant, name);
    return row && { count: Number(row["count"]), lastAt: instant(Number(row["last_at"])) };
  }

  [Symbol.dispose](): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.#open?.database.close();
    this.#open = undefined;
  }

  /** What cannot be written stays and is tried again with the next. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    try {
      const { database, add } = this.#connection();
      inTransaction(database, () => {
        for (const { tenant, name, count, lastAt } of this.#pending.values()) {
          add.run(tenant, name, count, lastAt);
        }
      });
      this.#pending.clear();
    } catch (error) {
      this.#onFault(error);
    }
  }

  #connection(): Connection {
    if (this.#open !== undefined) return this.#open;
    const database = openDatabase(this.#path, MIGRATIONS);
    this.#open = { database, add: database.prepare(ADD) };
    return this.#open;
  }
}
