import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type {
  Assignment,
  BalancePage,
  BudgetBalance,
  Hold,
  LiveHold,
  ReserveReply,
  ResizeReply,
  Settlement,
  SpendChange,
} from "../../core/money/budget.ts";
import { id, instant, type AttemptId, type Instant } from "../../core/units.ts";
import { BalanceRows, changeHeld, changeSpent, type BalanceRow } from "./balance-rows.ts";
import { prepareBudgetStatements } from "./budget-statements.ts";

/** Tidied in one step, so that it never holds the lock for long. */
const SWEEP_ATTEMPTS_MAX = 200;
const SWEEP_ROWS_MAX = 500;
/** How long after its lease ended a settle can still correct the spend. */
const EXPIRED_KEPT_MS = 7 * 86_400_000;
/** Holds of this process whose rows need not be read back to be settled. */
const KNOWN_HOLDS_MAX = 65_536;

/** A hold as its row has it. */
interface HeldRow {
  readonly balance: number;
  readonly amount: number;
}

/**
 * The money of one database, inside one transaction at a time. Every method may throw what SQLite
 * throws; the caller rolls back.
 */
export class BudgetBook {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareBudgetStatements>;
  readonly #rows: BalanceRows;
  /**
   * What this process wrote. Only a hint: an entry counts when its rows are deleted, so a rollback, a
   * lease that ended or another process's settle make it void.
   */
  readonly #known = new Map<AttemptId, readonly HeldRow[]>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareBudgetStatements(database);
    this.#rows = new BalanceRows(this.#statements);
  }

  /** Attempts of all processes that hold money. */
  get held(): number {
    return Number(this.#statements.countHeld.get()?.["held"] ?? 0);
  }

  /** Attempts of this process that hold money, as far as it knows. */
  get unsettled(): number {
    return this.#known.size;
  }

  /**
   * All of `work`, which is done once more where another process changed what was kept of the
   * balances. Whoever calls rolls back what throws.
   */
  transact(work: (book: BudgetBook) => void): void {
    if (!this.#isDone(work)) {
      this.rollback();
      if (!this.#isDone(work)) throw new Error("a balance changed within a transaction");
    }
    // `get` makes no object for a result that nobody reads, as `run` does.
    this.#statements.commit.get();
    this.#rows.committed();
  }

  rollback(): void {
    this.#rows.forget();
    if (this.#database.isTransaction) this.#statements.rollback.run();
  }

  reserve(
    attempt: AttemptId,
    holds: readonly Hold[],
    now: Instant,
    expiresAt: number,
  ): ReserveReply {
    const full = holds.find((hold) => this.#leftOf(hold) < hold.amount);
    if (full !== undefined && this.#statements.findHold.get(attempt) === undefined) {
      this.#known.delete(attempt);
      return { kind: "exhausted", hold: full, left: Math.max(this.#leftOf(full), 0) };
    }
    if (full === undefined) this.#hold(attempt, holds, now, expiresAt);
    return { kind: "held", used: holds.map((hold) => this.#usedOf(hold)) };
  }

  resize(attempt: AttemptId, holds: readonly Hold[], expiresAt: number): ResizeReply {
    const live = this.#statements.readHolds.all(attempt).map(heldRow);
    if (live.length === 0) return { kind: "gone" };
    const wanted = live.map((held) => {
      const key = this.#rows.withId(held.balance)?.key;
      const hold = holds.find((one) => one.key === key);
      return { held, hold, growth: hold === undefined ? 0 : hold.amount - held.amount };
    });
    for (const { hold, growth } of wanted) {
      if (hold === undefined || growth <= 0) continue;
      const left = this.#leftOf(hold);
      if (growth > left) return { kind: "exhausted", hold, left: Math.max(left, 0) };
    }
    for (const { held, hold, growth } of wanted) {
      const amount = hold?.amount ?? held.amount;
      this.#statements.writeHold.run(amount, expiresAt, attempt, held.balance);
      const row = this.#rows.withId(held.balance);
      if (row !== undefined && growth !== 0) changeHeld(row, growth);
    }
    this.#known.delete(attempt);
    return { kind: "held", used: holds.map((hold) => this.#usedOf(hold)) };
  }

  /** Settlements of keys that were never reserved are ignored: nothing says whose limit they have. */
  settle(attempt: AttemptId, settlements: readonly Settlement[]): readonly SpendChange[] {
    const live = this.#takeHolds(attempt);
    if (live.length > 0) {
      return live.flatMap((taken) => this.#replace(taken, settlements, "held") ?? []);
    }
    const expired = this.#statements.takeExpired.all(attempt);
    return expired.flatMap((taken) => this.#replace(heldRow(taken), settlements, "spent") ?? []);
  }

  balances(keys: readonly string[]): readonly BudgetBalance[] {
    return keys.map((key) => {
      const row = this.#rows.withKey(key);
      return { key, spent: row?.spent ?? 0, held: row?.held ?? 0 };
    });
  }

  list(page: BalancePage): readonly BudgetBalance[] {
    return this.#rows.list(page).map(({ key, spent, held }) => ({ key, spent, held }));
  }

  holdsOn(key: string, max: number): readonly LiveHold[] {
    const row = this.#rows.withKey(key);
    if (row === undefined) return [];
    return this.#statements.holdsOn.all(row.id, max).map((hold) => ({
      attempt: id<AttemptId>(String(hold["attempt"])),
      amount: Number(hold["amount"]),
      expiresAt: instant(Number(hold["expires_at"])),
    }));
  }

  assign(assignments: readonly Assignment[]): readonly number[] {
    return assignments.map(({ key, spent, keepUntil }) => {
      const row = this.#rows.withKey(key) ?? this.#rows.create(key, keepUntil);
      const before = row.spent;
      changeSpent(row, spent - before);
      return before;
    });
  }

  /** Turns dead leases into spend and drops what nobody can ask for any more, a bounded step each. */
  sweep(now: Instant): void {
    for (const { attempt } of this.#statements.findDead.all(now, SWEEP_ATTEMPTS_MAX)) {
      for (const { balance, amount } of this.#takeHolds(id<AttemptId>(String(attempt)))) {
        this.#statements.addExpired.run(String(attempt), balance, amount, now + EXPIRED_KEPT_MS);
        const row = this.#rows.withId(balance);
        if (row === undefined) continue;
        changeHeld(row, -amount);
        changeSpent(row, amount);
      }
    }
    this.#statements.dropExpired.run(now, SWEEP_ROWS_MAX);
    this.#statements.dropBalances.run(now, SWEEP_ROWS_MAX);
  }

  #isDone(work: (book: BudgetBook) => void): boolean {
    this.#statements.begin.get();
    work(this);
    return this.#rows.write();
  }

  #hold(attempt: AttemptId, holds: readonly Hold[], now: Instant, expiresAt: number): void {
    const held: HeldRow[] = [];
    for (const hold of holds) {
      const row = this.#rows.withKey(hold.key) ?? this.#rows.create(hold.key, hold.keepUntil);
      const { changes } = this.#statements.addHold.run(attempt, row.id, hold.amount, expiresAt);
      if (changes === 0) return;
      changeHeld(row, hold.amount);
      held.push({ balance: row.id, amount: hold.amount });
      this.#keep(row, hold, now);
    }
    if (this.#known.size >= KNOWN_HOLDS_MAX) this.#known.clear();
    this.#known.set(attempt, held);
  }

  /** Turns end by themselves; what has no end is kept for as long as somebody comes back. */
  #keep(row: BalanceRow, { resetsAt, keepUntil, trailing }: Hold, now: Instant): void {
    if (resetsAt !== undefined || keepUntil === undefined || trailing.length > 0) return;
    if (keepUntil > now) this.#rows.keep(row, keepUntil);
  }

  #usedOf({ key, trailing }: Hold): number {
    const row = this.#rows.withKey(key);
    const own = row === undefined ? 0 : row.spent + row.held;
    return trailing.length === 0 ? own : own + this.#rows.used(trailing);
  }

  #leftOf(hold: Hold): number {
    return hold.budget.limit - this.#usedOf(hold);
  }

  /** Deletes the live holds of an attempt and says what they were. */
  #takeHolds(attempt: AttemptId): readonly HeldRow[] {
    const known = this.#known.get(attempt);
    if (known === undefined) return this.#statements.takeHolds.all(attempt).map(heldRow);
    this.#known.delete(attempt);
    return this.#statements.removeHolds.run(attempt).changes === known.length ? known : [];
  }

  /** Puts what was really used in the place of one hold, where it stands now. */
  #replace(
    taken: HeldRow,
    settlements: readonly Settlement[],
    standsIn: "held" | "spent",
  ): SpendChange | undefined {
    const row = this.#rows.withId(taken.balance);
    if (row === undefined) return undefined;
    const settlement = settlements.find(({ key }) => key === row.key);
    const used = settlements.length === 0 ? 0 : (settlement?.amount ?? taken.amount);
    const trailing = settlement === undefined ? 0 : this.#rows.spent(settlement.trailing);
    const before = row.spent + trailing;
    if (standsIn === "held") changeHeld(row, -taken.amount);
    changeSpent(row, standsIn === "held" ? used : used - taken.amount);
    return { key: row.key, before, after: row.spent + trailing };
  }
}

function heldRow(row: Record<string, SQLOutputValue>): HeldRow {
  return { balance: Number(row["balance"]), amount: Number(row["amount"]) };
}
