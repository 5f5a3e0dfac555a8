import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { BudgetBalance, Hold, ReserveReply, Settlement } from "../../core/money/budget.ts";
import { id, NANO_USD_MAX, type ExchangeId, type Instant } from "../../core/units.ts";

/** Tidied in one step, so that it never holds the lock for long. */
const SWEEP_EXCHANGES_MAX = 200;
const SWEEP_ROWS_MAX = 500;
const DAY_MS = 86_400_000;
/** Past turns stay readable for a month's report; those of single sessions are many, so shorter. */
const KEPT_AFTER_RESET_MS = 35 * DAY_MS;
const SESSION_KEPT_AFTER_RESET_MS = 2 * DAY_MS;
/** Windows of a session have no end of their own: they end when nobody comes back. */
const SESSION_IDLE_MS = 30 * DAY_MS;
/** How long after its lease ended a settle can still correct the spend. */
const EXPIRED_KEPT_MS = 7 * DAY_MS;

/** Holds of this process whose rows need not be read back to be settled. */
const KNOWN_HOLDS_MAX = 65_536;

const HELD: ReserveReply = { kind: "held" };

/** A hold as its row has it. */
interface HeldRow {
  readonly balance: number;
  readonly amount: number;
}

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
  /**
   * What this process wrote. Only a hint: an entry counts when its rows are deleted, so a rollback, a
   * lease that ended or another process's settle make it void.
   */
  readonly #known = new Map<ExchangeId, readonly HeldRow[]>();

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
      if (this.#statements.findHold.get(exchange) !== undefined) return HELD;
      return { kind: "exhausted", hold, left: Math.max(hold.budget.limit - used, 0) };
    }
    const rows: HeldRow[] = [];
    for (const hold of holds) {
      const row = this.#balanceOf(hold.key) ?? this.#create(hold, now);
      const { changes } = this.#statements.addHold.run(exchange, row.id, hold.amount, expiresAt);
      if (changes === 0) return HELD;
      row.held = saturated(row.held + hold.amount);
      row.dirty = true;
      rows.push({ balance: row.id, amount: hold.amount });
      if (hold.resetsAt === undefined && isOfSession(hold)) this.#keepSession(row.id, now);
    }
    if (this.#known.size >= KNOWN_HOLDS_MAX) this.#known.clear();
    this.#known.set(exchange, rows);
    return HELD;
  }

  /** Settlements of keys that were never reserved are ignored: nothing says whose limit they have. */
  settle(exchange: ExchangeId, settlements: readonly Settlement[]): void {
    const live = this.#takeHolds(exchange);
    for (const taken of live) this.#replace(taken, settlements, "held");
    if (live.length > 0) return;
    for (const taken of this.#statements.takeExpired.all(exchange)) {
      this.#replace(heldRow(taken), settlements, "spent");
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
    for (const { exchange } of this.#statements.findDead.all(now, SWEEP_EXCHANGES_MAX)) {
      for (const { balance, amount } of this.#takeHolds(id<ExchangeId>(String(exchange)))) {
        this.#statements.addExpired.run(String(exchange), balance, amount, now + EXPIRED_KEPT_MS);
        const row = this.#balanceWith(balance);
        if (row === undefined) continue;
        row.held = Math.max(row.held - amount, 0);
        row.spent = saturated(row.spent + amount);
        row.dirty = true;
      }
    }
    this.#statements.dropExpired.run(now, SWEEP_ROWS_MAX);
    this.#statements.dropBalances.run(now, SWEEP_ROWS_MAX);
  }

  /** Deletes the live holds of an exchange and says what they were. */
  #takeHolds(exchange: ExchangeId): readonly HeldRow[] {
    const known = this.#known.get(exchange);
    if (known === undefined) return this.#statements.takeHolds.all(exchange).map(heldRow);
    this.#known.delete(exchange);
    return this.#statements.removeHolds.run(exchange).changes === known.length ? known : [];
  }

  /** Written again only when a day has passed, not with every call. */
  #keepSession(id: number, now: Instant): void {
    const until = now + SESSION_IDLE_MS;
    this.#statements.keepBalance.run(until, id, until - DAY_MS);
  }

  /** Puts what was really used in the place of one hold, where it stands now. */
  #replace(taken: HeldRow, settlements: readonly Settlement[], standsIn: "held" | "spent"): void {
    const row = this.#balanceWith(taken.balance);
    if (row === undefined) return;
    row[standsIn] = Math.max(row[standsIn] - taken.amount, 0);
    row.spent = saturated(row.spent + spentOf(row.key, taken.amount, settlements));
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

function heldRow(row: Record<string, SQLOutputValue>): HeldRow {
  return { balance: Number(row["balance"]), amount: Number(row["amount"]) };
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
    removeHolds: prepare("DELETE FROM hold WHERE exchange = ?"),
    findDead: prepare("SELECT DISTINCT exchange FROM hold WHERE expires_at <= ? LIMIT ?"),
    addExpired: prepare("INSERT INTO expired_hold VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    takeExpired: prepare("DELETE FROM expired_hold WHERE exchange = ? RETURNING balance, amount"),
    dropExpired: prepare(
      `DELETE FROM expired_hold WHERE (exchange, balance) IN
       (SELECT exchange, balance FROM expired_hold WHERE keep_until <= ? LIMIT ?)`,
    ),
  };
}
