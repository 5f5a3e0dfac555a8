import type { SQLOutputValue } from "node:sqlite";
import type { BalancePage } from "../../core/money/budget.ts";
import { NANO_USD_MAX, type Instant } from "../../core/units.ts";
import type { prepareBudgetStatements } from "./budget-statements.ts";

const DAY_MS = 86_400_000;
/** Sorts behind every key of a prefix, and is in none: a key is printable text. */
const LAST = "\u{10FFFF}";

/** Rows that are kept from one transaction to the next. */
const KEPT_ROWS_MAX = 4096;
/** Transactions after which rows are not kept, once another process was seen to write as well. */
const WARY_TRANSACTIONS = 64;

/** A balance as one transaction sees it. */
export interface BalanceRow {
  readonly id: number;
  readonly key: string;
  spent: number;
  held: number;
  dirty: boolean;
  /** What the file has, as far as this process knows. */
  fileSpent: number;
  fileHeld: number;
  /** The transaction that read it, and the last one that needed it. */
  readonly readIn: number;
  neededIn: number;
}

type Statements = ReturnType<typeof prepareBudgetStatements>;

/**
 * The balances of one transaction: read once, changed in memory and written once, however many
 * exchanges share them. The next one takes them for what they were: a balance is written only over
 * what it was taken for, and one that was merely looked at is compared with the file.
 */
export class BalanceRows {
  readonly #statements: Statements;
  readonly #byKey = new Map<string, BalanceRow>();
  readonly #byId = new Map<number, BalanceRow>();
  /** Those of this transaction. */
  #needed: BalanceRow[] = [];
  #transaction = 0;
  /** Transactions that are still to keep nothing: to do one anew costs more than to read. */
  #wary = 0;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  withKey(key: string): BalanceRow | undefined {
    const kept = this.#byKey.get(key);
    if (kept === undefined) return this.#remember(this.#statements.readByKey.get(key));
    return this.#need(kept);
  }

  withId(id: number): BalanceRow | undefined {
    const kept = this.#byId.get(id);
    if (kept === undefined) return this.#remember(this.#statements.readById.get(id));
    return this.#need(kept);
  }

  create(key: string, keepUntil: Instant | undefined): BalanceRow {
    const row = this.#remember(this.#statements.addBalance.get(key, keepUntil ?? null));
    if (row === undefined) throw new Error(`no row was made for ${key}`);
    return row;
  }

  /** Written again only when a day has passed, not with every call. */
  keep({ id }: BalanceRow, until: Instant): void {
    this.#statements.keepBalance.run(until, id, until - DAY_MS);
  }

  list({ prefix, after, max }: BalancePage): readonly BalanceRow[] {
    const found = this.#statements.listAfter.all(after ?? prefix, prefix + LAST, max);
    return found.map((row) => {
      const kept = this.#byKey.get(String(row["key"]));
      return kept?.neededIn === this.#transaction ? kept : rowOf(row, this.#transaction);
    });
  }

  /** Spent and held of several keys together. */
  used(keys: readonly string[]): number {
    let sum = 0;
    for (const key of keys) {
      const row = this.withKey(key);
      if (row !== undefined) sum += row.spent + row.held;
    }
    return sum;
  }

  spent(keys: readonly string[]): number {
    let sum = 0;
    for (const key of keys) sum += this.withKey(key)?.spent ?? 0;
    return sum;
  }

  /** False where another process has changed one of them: the transaction means nothing then. */
  write(): boolean {
    const stand = this.#needed.every((row) => this.#stands(row));
    if (!stand) this.#wary = WARY_TRANSACTIONS;
    return stand;
  }

  /** What was written is in the file. */
  committed(): void {
    if (this.#wary > 0 || this.#byId.size > KEPT_ROWS_MAX) {
      this.#wary = Math.max(this.#wary - 1, 0);
      this.forget();
      return;
    }
    for (const row of this.#needed) {
      row.fileSpent = row.spent;
      row.fileHeld = row.held;
      row.dirty = false;
    }
    this.#end();
  }

  forget(): void {
    this.#byKey.clear();
    this.#byId.clear();
    this.#end();
  }

  #end(): void {
    this.#needed = [];
    this.#transaction += 1;
  }

  #stands(row: BalanceRow): boolean {
    const { id, spent, held, fileSpent, fileHeld } = row;
    if (row.dirty) {
      return this.#statements.writeBalance.run(spent, held, id, fileSpent, fileHeld).changes === 1;
    }
    if (row.readIn === this.#transaction) return true;
    const found = this.#statements.readById.get(id);
    return Number(found?.["spent"]) === spent && Number(found?.["held"]) === held;
  }

  #need(row: BalanceRow): BalanceRow {
    if (row.neededIn === this.#transaction) return row;
    row.neededIn = this.#transaction;
    this.#needed.push(row);
    return row;
  }

  #remember(found: Record<string, SQLOutputValue> | undefined): BalanceRow | undefined {
    if (found === undefined) return undefined;
    const row = rowOf(found, this.#transaction);
    this.#byKey.set(row.key, row);
    this.#byId.set(row.id, row);
    this.#needed.push(row);
    return row;
  }
}

export function changeHeld(row: BalanceRow, by: number): void {
  row.held = within(row.held + by);
  row.dirty = true;
}

export function changeSpent(row: BalanceRow, by: number): void {
  row.spent = within(row.spent + by);
  row.dirty = true;
}

/** Counters stop at the largest exact number instead of losing precision past it. */
function within(amount: number): number {
  return Math.min(Math.max(amount, 0), NANO_USD_MAX);
}

function rowOf(found: Record<string, SQLOutputValue>, transaction: number): BalanceRow {
  const spent = Number(found["spent"]);
  const held = Number(found["held"]);
  return {
    id: Number(found["id"]),
    key: String(found["key"]),
    spent,
    held,
    dirty: false,
    fileSpent: spent,
    fileHeld: held,
    readIn: transaction,
    neededIn: transaction,
  };
}
