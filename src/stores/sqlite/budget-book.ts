import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { BudgetBalance, Hold, ReserveReply, Settlement } from "../../core/money/budget.ts";
import { NANO_USD_MAX, type ExchangeId, type Instant } from "../../core/units.ts";

/** Rows moved or removed in one step, so that tidying never holds the lock for long. */
const SWEEP_ROWS_MAX = 500;
const DAY_MS = 86_400_000;
/** Past turns stay readable for a month's report; those of single sessions are many, so shorter. */
const KEPT_AFTER_RESET_MS = 35 * DAY_MS;
const SESSION_KEPT_AFTER_RESET_MS = 2 * DAY_MS;
/** Windows of a session have no end of their own: they end when nobody comes back. */
const SESSION_IDLE_MS = 30 * DAY_MS;
/** How long after its lease ended a settle can still correct the spend. */
const EXPIRED_KEPT_MS = 7 * DAY_MS;

/** A balance as one transaction sees it. */
interface Row {
  readonly id: number;
  readonly key: string;
  spent: number;
  held: number;
  dirty: boolean;
}

/**
 * The money of one database, inside one transaction at a time: balances are read once, changed in
 * memory and written once, however many exchanges share them. Every method may throw what SQLite
 * throws; the caller rolls back.
 */
export class BudgetBook {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #byKey = new Map<string, Row>();
  readonly #byId = new Map<number, Row>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareAll(database);
  }

  begin(): void {
    this.#statements.begin.run();
  }

  commit(): void {
    for (const row of this.#byId.values()) {
      if (row.dirty) this.#statements.writeBalance.run(row.spent, row.held, row.id);
    }
    this.#statements.commit.run();
    this.#forget();
  }

  rollback(): void {
    this.#forget();
    if (this.#database.isTransaction) this.#statements.rollback.run();
  }

  reserve(
    exchange: ExchangeId,
    holds: readonly Hold[],
    now: Instant,
    expiresAt: number,
  ): ReserveReply {
    for (const hold of holds) {
      const row = this.#balanceOf(hold.key);
      const used = row === undefined ? 0 : row.spent + row.held;
      if (used + hold.amount <= hold.budget.limit) continue;
      if (this.#statements.findHold.get(exchange) !== undefined) return { kind: "held" };
      return { kind: "exhausted", hold, left: Math.max(hold.budget.limit - used, 0) };
    }
    for (const hold of holds) {
      const row = this.#balanceOf(hold.key) ?? this.#create(hold, now);
      const { changes } = this.#statements.addHold.run(exchange, row.id, hold.amount, expiresAt);
      if (changes === 0) continue;
      row.held = saturated(row.held + hold.amount);
      row.dirty = true;
      if (hold.resetsAt === undefined && isOfSession(hold)) this.#keepSession(row.id, now);
    }
    return { kind: "held" };
  }

  /** Settlements of keys that were never reserved are ignored: nothing says whose limit they have. */
  settle(exchange: ExchangeId, settlements: readonly Settlement[]): void {
    const live = this.#statements.takeHolds.all(exchange);
    for (const taken of live) this.#replace(taken, settlements, "held");
    if (live.length > 0) return;
    for (const taken of this.#statements.takeExpired.all(exchange)) {
      this.#replace(taken, settlements, "spent");
    }
  }

  balances(keys: readonly string[]): readonly BudgetBalance[] {
    return keys.map((key) => {
      const row = this.#balanceOf(key);
      return { key, spent: row?.spent ?? 0, held: row?.held ?? 0 };
    });
  }

  /** Turns dead leases into spend and drops what nobody can ask for any more, a bounded step each. */
  sweep(now: Instant): void {
    const dead = this.#statements.findDead.all(now, SWEEP_ROWS_MAX);
    for (const { exchange, balance, amount } of dead) {
      if (exchange === undefined || balance === undefined) continue;
      this.#statements.removeHold.run(exchange, balance);
      this.#statements.addExpired.run(exchange, balance, amount ?? 0, now + EXPIRED_KEPT_MS);
      const row = this.#balanceWith(Number(balance));
      if (row === undefined) continue;
      row.held = Math.max(row.held - Number(amount), 0);
      row.spent = saturated(row.spent + Number(amount));
      row.dirty = true;
    }
    this.#statements.dropExpired.run(now, SWEEP_ROWS_MAX);
    this.#statements.dropBalances.run(now, SWEEP_ROWS_MAX);
  }

  /** Written again only when a day has passed, not with every call. */
  #keepSession(id: number, now: Instant): void {
    const until = now + SESSION_IDLE_MS;
    this.#statements.keepBalance.run(until, id, until - DAY_MS);
  }

  /** Puts what was really used in the place of one hold, where it stands now. */
  #replace(
    taken: Record<string, SQLOutputValue>,
    settlements: readonly Settlement[],
    standsIn: "held" | "spent",
  ): void {
    const row = this.#balanceWith(Number(taken["balance"]));
    if (row === undefined) return;
    const amount = Number(taken["amount"]);
    row[standsIn] = Math.max(row[standsIn] - amount, 0);
    row.spent = saturated(row.spent + spentOf(row.key, amount, settlements));
    row.dirty = true;
  }

  #balanceOf(key: string): Row | undefined {
    return this.#byKey.get(key) ?? this.#remember(this.#statements.readByKey.get(key));
  }

  #balanceWith(id: number): Row | undefined {
    return this.#byId.get(id) ?? this.#remember(this.#statements.readById.get(id));
  }

  #create(hold: Hold, now: Instant): Row {
    const made = this.#statements.addBalance.get(hold.key, keptUntil(hold, now));
    const row = this.#remember(made);
    if (row === undefined) throw new Error(`no row was made for ${hold.key}`);
    return row;
  }

  #remember(found: Record<string, SQLOutputValue> | undefined): Row | undefined {
    if (found === undefined) return undefined;
    const row: Row = {
      id: Number(found["id"]),
      key: String(found["key"]),
      spent: Number(found["spent"]),
      held: Number(found["held"]),
      dirty: false,
    };
    this.#byKey.set(row.key, row);
    this.#byId.set(row.id, row);
    return row;
  }

  #forget(): void {
    this.#byKey.clear();
    this.#byId.clear();
  }
}

/** A hold that no settlement names stays as spend: missing usage is never free. */
function spentOf(key: string, held: number, settlements: readonly Settlement[]): number {
  if (settlements.length === 0) return 0;
  for (const settlement of settlements) if (settlement.key === key) return settlement.amount;
  return held;
}

/** Counters stop at the largest exact number instead of losing precision past it. */
function saturated(amount: number): number {
  return Math.min(amount, NANO_USD_MAX);
}

function isOfSession({ budget }: Hold): boolean {
  return budget.per === "session" || budget.window.kind === "session";
}

/** Null: for ever. */
function keptUntil(hold: Hold, now: Instant): number | null {
  const ofSession = isOfSession(hold);
  if (hold.resetsAt === undefined) return ofSession ? now + SESSION_IDLE_MS : null;
  return hold.resetsAt + (ofSession ? SESSION_KEPT_AFTER_RESET_MS : KEPT_AFTER_RESET_MS);
}

function prepareAll(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    begin: prepare("BEGIN IMMEDIATE"),
    commit: prepare("COMMIT"),
    rollback: prepare("ROLLBACK"),
    readByKey: prepare("SELECT id, key, spent, held FROM balance WHERE key = ?"),
    readById: prepare("SELECT id, key, spent, held FROM balance WHERE id = ?"),
    addBalance: prepare(
      `INSERT INTO balance (key, spent, held, keep_until) VALUES (?, 0, 0, ?)
       RETURNING id, key, spent, held`,
    ),
    writeBalance: prepare("UPDATE balance SET spent = ?, held = ? WHERE id = ?"),
    keepBalance: prepare("UPDATE balance SET keep_until = ? WHERE id = ? AND keep_until < ?"),
    dropBalances: prepare(
      `DELETE FROM balance WHERE id IN
       (SELECT id FROM balance WHERE keep_until <= ? AND held = 0 LIMIT ?)`,
    ),
    findHold: prepare("SELECT 1 FROM hold WHERE exchange = ? LIMIT 1"),
    addHold: prepare("INSERT INTO hold VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    takeHolds: prepare("DELETE FROM hold WHERE exchange = ? RETURNING balance, amount"),
    removeHold: prepare("DELETE FROM hold WHERE exchange = ? AND balance = ?"),
    findDead: prepare("SELECT exchange, balance, amount FROM hold WHERE expires_at <= ? LIMIT ?"),
    addExpired: prepare("INSERT INTO expired_hold VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    takeExpired: prepare("DELETE FROM expired_hold WHERE exchange = ? RETURNING balance, amount"),
    dropExpired: prepare(
      `DELETE FROM expired_hold WHERE (exchange, balance) IN
       (SELECT exchange, balance FROM expired_hold WHERE keep_until <= ? LIMIT ?)`,
    ),
  };
}
