/**
 * How far this data directory has come with what every replica carries out. It is durable before
 * the next step begins, so that a crash between two steps neither repeats nor forgets one.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { join } from "node:path";
import type { OrderBook, OrderStep } from "../../core/ledger/order-book.ts";
import { newId } from "../../lib/ids.ts";
import type { Instant } from "../../core/units.ts";
import { ensurePrivateFile } from "../private-file.ts";
import { isBusy } from "./is-busy.ts";
import { openDatabase } from "./database.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE order_step (
     name TEXT PRIMARY KEY,
     step TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE replica (
     id TEXT PRIMARY KEY
   ) STRICT, WITHOUT ROWID;`,
];

export function orderFile(dataDirectory: string): string {
  return join(dataDirectory, "orders.db");
}

export class SqliteOrderBook implements OrderBook, Disposable {
  readonly replica: string;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #keep: StatementSync;

  /** Throws where the file cannot be opened. */
  constructor(path: string, now: () => Instant) {
    const database = openDatabase(path, MIGRATIONS);
    // A step may name a person until it is done: what is overwritten must be gone.
    database.exec("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON");
    this.#path = path;
    this.#database = database;
    this.#find = database.prepare("SELECT step FROM order_step WHERE name = ?");
    this.#keep = database.prepare(
      "INSERT INTO order_step VALUES (?, ?) ON CONFLICT DO UPDATE SET step = excluded.step",
    );
    database
      .prepare("INSERT INTO replica SELECT ? WHERE NOT EXISTS (SELECT 1 FROM replica)")
      .run(newId("rep", now()));
    this.replica = String(database.prepare("SELECT id FROM replica").get()?.["id"]);
  }

  stepOf(name: string): OrderStep | undefined {
    const row = this.#find.get(name);
    return typeof row?.["step"] === "string" ? JSON.parse(row["step"]) : undefined;
  }

  keep(name: string, step: OrderStep): void {
    this.#keep.run(name, JSON.stringify(step));
    if (step.kind === "done") this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  async alone(work: () => Promise<void>): Promise<boolean> {
    const path = `${this.#path}.lock`;
    ensurePrivateFile(path);
    const lock = new DatabaseSync(path, { timeout: 0 });
    try {
      lock.exec("BEGIN EXCLUSIVE");
      await work();
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    } finally {
      lock.close();
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
