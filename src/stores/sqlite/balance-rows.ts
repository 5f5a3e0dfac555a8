import type { SQLOutputValue } from "node:sqlite";
import type { BalancePage } from "../../core/money/budget.ts";
import { NANO_USD_MAX, type Instant } from "../../core/units.ts";
import type { prepareBudgetStatements } from "./budget-statements.ts";

const DAY_MS = 86_400_000;
/** Sorts behind every key of a prefix, and is in none: a key is printable text. */
const LAST = "\u{10FFFF}";

/** A balance as one transaction sees it. */
export interface BalanceRow {
  readonly id: number;
  readonly key: string;
  spent: number;
  held: number;
  dirty: boolean;
}

type Statements = ReturnType<typeof prepareBudgetStatements>;

/**
 * The balances of one transaction: read once, changed in memory and written once, however many
 * exchanges share them.
 */
export class BalanceRows {
  readonly #statements: Statements;
  readonly #byKey = new Map<string, BalanceRow>();
  readonly #byId = new Map<number, BalanceRow>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  withKey(key: string): BalanceRow | undefined {
    return this.#byKey.get(key) ?? this.#remember(this.#statements.readByKey.get(key));
  }

  withId(id: number): BalanceRow | undefined {
    return this.#byId.get(id) ?? this.#remember(this.#statements.readById.get(id));
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
    return found.map((row) => this.#byKey.get(String(row["key"])) ?? rowOf(row));
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

  write(): void {
    for (const row of this.#byId.values()) {
      if (row.dirty) this.#statements.writeBalance.run(row.spent, row.held, row.id);
    }
  }

  forget(): void {
    this.#byKey.clear();
    this.#byId.clear();
  }

  #remember(found: Record<string, SQLOutputValue> | undefined): BalanceRow | undefined {
    if (found === undefined) return undefined;
    const row = rowOf(found);
    this.#byKey.set(row.key, row);
    this.#byId.set(row.id, row);
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

function rowOf(found: Record<string, SQLOutputValue>): BalanceRow {
  return {
    id: Number(found["id"]),
    key: String(found["key"]),
    spent: Number(found["spent"]),
    held: Number(found["held"]),
    dirty: false,
  };
}
