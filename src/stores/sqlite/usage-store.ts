import { existsSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  USAGE_COUNTS,
  USAGE_GROUPS,
  type UsageCell,
  type UsageCount,
  type UsageCounts,
  type UsageGroup,
  type UsageQuery,
  type UsageRow,
  type UsageStore,
} from "../../core/money/usage-report.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { id, type TenantId } from "../../core/units.ts";
import { inTransaction } from "./in-transaction.ts";
import { Checkpointer, WAL_PAGES_MAX } from "./checkpointer.ts";
import { openDatabase } from "./database.ts";

const FLUSH_MS = 1000;
/** Different cells between two writes; more are written at once. */
const CELLS_MAX = 4096;

const COLUMN = {
  calls: "calls",
  refused: "refused",
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  nanoUsd: "nano_usd",
  estimated: "estimated",
} as const satisfies Record<UsageCount, string>;

const MIGRATIONS = [
  `CREATE TABLE usage (
     ${USAGE_GROUPS.map((group) => `${group} TEXT NOT NULL`).join(", ")},
     ${USAGE_COUNTS.map((count) => `${COLUMN[count]} INTEGER NOT NULL`).join(", ")},
     PRIMARY KEY (${USAGE_GROUPS.join(", ")})
   ) STRICT, WITHOUT ROWID`,
  `ALTER TABLE usage RENAME TO usage_of_one;
   CREATE TABLE usage (
     tenant TEXT NOT NULL,
     ${USAGE_GROUPS.map((group) => `${group} TEXT NOT NULL`).join(", ")},
     ${USAGE_COUNTS.map((count) => `${COLUMN[count]} INTEGER NOT NULL`).join(", ")},
     PRIMARY KEY (tenant, ${USAGE_GROUPS.join(", ")})
   ) STRICT, WITHOUT ROWID;
   INSERT INTO usage SELECT '${DEFAULT_TENANT}', * FROM usage_of_one;
   DROP TABLE usage_of_one`,
];

const CELL = ["tenant", ...USAGE_GROUPS] as const;

const ADD = `INSERT INTO usage VALUES (${[...CELL, ...USAGE_COUNTS].map(() => "?").join(", ")})
  ON CONFLICT DO UPDATE SET
  ${USAGE_COUNTS.map((count) => `${COLUMN[count]} = ${COLUMN[count]} + excluded.${COLUMN[count]}`).join(", ")}`;

/** What its rows counted goes to nobody's. */
const MOVE = `INSERT INTO usage
  SELECT ${[...CELL.map((part) => (part === "user" ? "''" : part)), ...USAGE_COUNTS.map((count) => COLUMN[count])].join(", ")}
  FROM usage WHERE tenant = ? AND user = ?
  ON CONFLICT DO UPDATE SET
  ${USAGE_COUNTS.map((count) => `${COLUMN[count]} = ${COLUMN[count]} + excluded.${COLUMN[count]}`).join(", ")}`;

/** A name that is erased waits for whoever reads the log, as long as this. */
const FORGET_BUSY_MS = 250;

interface Pending {
  readonly cell: UsageCell;
  readonly counts: Record<UsageCount, number>;
}

/** Whether somebody's name must not be kept. */
export type IsErased = (tenant: TenantId, user: string) => boolean;

/** One file for all processes of a data directory: rows are sums, so whoever writes adds. */
export class SqliteUsageStore implements UsageStore, Disposable {
  readonly #path: string;
  readonly #checkpointer: Checkpointer;
  readonly #onFault: (cause: unknown) => void;
  readonly #isErased: IsErased;
  #open: { readonly database: DatabaseSync; readonly add: StatementSync } | undefined;
  #pending = new Map<string, Pending>();
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, onFault: (cause: unknown) => void, isErased: IsErased = () => false) {
    this.#path = path;
    this.#isErased = isErased;
    this.#checkpointer = new Checkpointer(path);
    this.#onFault = onFault;
  }

  add(cell: UsageCell, counts: UsageCounts): void {
    const key = CELL.map((part) => cell[part]).join("\n");
    const known = this.#pending.get(key);
    if (known === undefined) this.#pending.set(key, { cell, counts: { ...counts } });
    else for (const name of USAGE_COUNTS) known.counts[name] += counts[name];
    if (this.#pending.size >= CELLS_MAX) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  report({ from, to, tenant, groups, only, max }: UsageQuery): readonly UsageRow[] {
    this.#flush();
    const wanted = USAGE_GROUPS.filter((group) => only[group] !== undefined);
    const where = [
      "tenant = ?",
      "day >= ?",
      "day <= ?",
      ...wanted.map((group) => `${group} = ?`),
    ].join(" AND ");
    const sums = USAGE_COUNTS.map((count) => `sum(${COLUMN[count]}) AS ${count}`);
    const by = groups.length === 0 ? "" : `GROUP BY ${groups.join(", ")}`;
    const sql = `SELECT ${[...groups, ...sums].join(", ")} FROM usage WHERE ${where} ${by}
      ORDER BY nanoUsd DESC, calls DESC LIMIT ?`;
    const values = wanted.map((group) => only[group] ?? "");
    const found = this.#connection()
      .database.prepare(sql)
      .all(tenant, from, to, ...values, max);
    return found.flatMap((row) => (row["calls"] === null ? [] : rowOf(row, groups)));
  }

  /** The sums stay, the name is gone from the disk. */
  forget(tenant: TenantId, user: string): void {
    if (this.#open === undefined && !existsSync(this.#path)) return;
    const { database } = this.#connection();
    database.exec(`PRAGMA secure_delete=ON; PRAGMA busy_timeout=${FORGET_BUSY_MS}`);
    inTransaction(database, () => {
      database.prepare(MOVE).run(tenant, user);
      database.prepare("DELETE FROM usage WHERE tenant = ? AND user = ?").run(tenant, user);
    });
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  [Symbol.dispose](): void {
    this.#flush();
    this.#checkpointer[Symbol.dispose]();
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
        for (const { cell, counts } of this.#pending.values()) {
          const { tenant, user } = cell;
          const isErased = user !== "" && this.#isErased(id(tenant), user);
          const names = CELL.map((part) => (part === "user" && isErased ? "" : cell[part]));
          add.run(...names, ...USAGE_COUNTS.map((count) => counts[count]));
        }
      });
      this.#pending = new Map();
      this.#checkpointer.committed();
    } catch (error) {
      this.#onFault(error);
      if (this.#pending.size >= CELLS_MAX) this.#pending = new Map();
    }
  }

  #connection(): { readonly database: DatabaseSync; readonly add: StatementSync } {
    if (this.#open !== undefined) return this.#open;
    const database = openDatabase(this.#path, MIGRATIONS);
    database.exec(`PRAGMA wal_autocheckpoint=${WAL_PAGES_MAX}`);
    this.#open = { database, add: database.prepare(ADD) };
    return this.#open;
  }
}

function rowOf(row: Record<string, unknown>, groups: readonly UsageGroup[]): UsageRow {
  const count = (name: UsageCount): number => Number(row[name] ?? 0);
  return {
    cell: Object.fromEntries(groups.map((group) => [group, textOf(row[group])])),
    counts: {
      calls: count("calls"),
      refused: count("refused"),
      inputTokens: count("inputTokens"),
      outputTokens: count("outputTokens"),
      nanoUsd: count("nanoUsd"),
      estimated: count("estimated"),
    },
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
