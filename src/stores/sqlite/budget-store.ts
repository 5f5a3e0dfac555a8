import type {
  AssignReply,
  Assignment,
  BalancePage,
  BudgetBalance,
  BudgetStore,
  Hold,
  LiveHold,
  ReserveReply,
  ResizeReply,
  Settlement,
  SettleReply,
} from "../../core/money/budget.ts";
import type { AttemptId, Instant, Millis } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { defectOf, isAmount } from "../budget-defect.ts";
import type { BudgetBook } from "./budget-book.ts";
import { BudgetConnection } from "./budget-connection.ts";
import {
  run,
  type BudgetOperation,
  type ReserveOperation,
  type SettleOperation,
} from "./budget-operation.ts";
import { FirstReplies } from "../first-replies.ts";
import { Gather } from "../gather.ts";

/** Operations of one transaction; more wait for the next turn of the event loop. */
const BATCH_MAX = 512;
/** Another process may hold the lock so long before calls are refused. */
const LOCK_WAIT_MAX_MS = 400;
/** Tries without a pause, then with one: a lock is usually held for microseconds. */
const EAGER_TRIES_MAX = 8;
const RETRY_MS = 2;
const SWEEP_MS = 5000;
/** Settlements that could not be written, kept until the disk is back. */
const UNSETTLED_MAX = 10_000;
const UNSETTLED_RETRY_MS = 500;
/** How long a settle may wait for a reserve to share a transaction with; until then it is held. */
const SETTLE_DELAY_MS = 20;

const UNREACHABLE: SettleReply = { kind: "unreachable" };

export interface EmbeddedBudgets extends BudgetStore, AsyncDisposable {
  /** Attempts of all processes that hold money now. */
  readonly held: number;
  /** Why the file cannot be used now. */
  readonly failing: Error | undefined;
}

/**
 * The embedded budget store: one SQLite file, safe for several processes. What comes in during one
 * turn of the event loop is executed in one transaction, and answered once that is committed. A
 * settle frees money and can wait a moment for a reserve to travel with; queue order keeps it exact.
 */
export function openBudgetStore(path: string, now: () => Instant): EmbeddedBudgets {
  return new SqliteBudgetStore(path, now);
}

class SqliteBudgetStore implements EmbeddedBudgets {
  readonly #connection: BudgetConnection;
  readonly #now: () => Instant;
  readonly #firstReplies = new FirstReplies();
  #queue: BudgetOperation[] = [];
  #unsettled: SettleOperation[] = [];
  #scheduled = false;
  readonly #gather = new Gather(() => this.#flush());
  #later: NodeJS.Timeout | undefined;
  #retrying = false;
  #lockedOut: { readonly since: number; readonly tries: number } | undefined;
  #sweepAt = 0;

  constructor(path: string, now: () => Instant) {
    this.#connection = new BudgetConnection(path);
    this.#now = now;
  }

  get held(): number {
    return this.#connection.held;
  }

  get failing(): Error | undefined {
    return this.#connection.failing;
  }

  reserve(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ReserveReply> {
    const first = this.#firstReplies.get(attempt);
    if (first !== undefined) return Promise.resolve(first);
    const defect = defectOf(holds);
    if (defect !== undefined) return Promise.resolve({ kind: "unreachable", cause: defect });
    return new Promise((answer) => {
      const isAlone = this.#connection.unsettled <= this.#queue.length;
      this.#queue.push({ kind: "reserve", attempt, holds, lease, answer, reply: undefined });
      this.#schedule(isAlone);
    });
  }

  resize(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ResizeReply> {
    const defect = defectOf(holds);
    if (defect !== undefined) return Promise.resolve({ kind: "unreachable", cause: defect });
    return this.#errand<ResizeReply>(
      (book, now) => book.resize(attempt, holds, now + lease),
      (cause) => ({ kind: "unreachable", cause }),
    );
  }

  settle(attempt: AttemptId, settlements: readonly Settlement[]): Promise<SettleReply> {
    if (!settlements.every(({ amount }) => isAmount(amount))) return Promise.resolve(UNREACHABLE);
    return new Promise((answer) => {
      this.#queue.push({ kind: "settle", attempt, settlements, answer, reply: undefined });
      this.#later ??= setTimeout(() => this.#schedule(), SETTLE_DELAY_MS);
    });
  }

  balances(keys: readonly string[]): Promise<readonly BudgetBalance[]> {
    this.#sweepAt = 0;
    return this.#errand<readonly BudgetBalance[]>(
      (book) => book.balances(keys),
      () => [],
    );
  }

  list(page: BalancePage): Promise<readonly BudgetBalance[] | undefined> {
    this.#sweepAt = 0;
    return this.#errand<readonly BudgetBalance[] | undefined>(
      (book) => book.list(page),
      () => undefined,
    );
  }

  holdsOn(key: string, max: number): Promise<readonly LiveHold[]> {
    return this.#errand<readonly LiveHold[]>(
      (book) => book.holdsOn(key, max),
      () => [],
    );
  }

  assign(assignments: readonly Assignment[]): Promise<AssignReply> {
    if (!assignments.every(({ spent }) => isAmount(spent))) {
      return Promise.resolve({ kind: "unreachable", cause: new RangeError("not an amount") });
    }
    return this.#errand<AssignReply>(
      (book) => ({ kind: "assigned", before: book.assign(assignments) }),
      (cause) => ({ kind: "unreachable", cause }),
    );
  }

  /** Answers everything that was asked, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#queue.length > 0) {
      this.#schedule();
      await new Promise((turn) => setImmediate(turn));
    }
    this.#connection[Symbol.dispose]();
  }

  #errand<T>(ask: (book: BudgetBook, now: Instant) => T, excuse: (cause: Error) => T): Promise<T> {
    return new Promise((answer) => {
      let reply: { readonly value: T } | undefined;
      this.#enqueue({
        kind: "errand",
        run: (book, now) => void (reply = { value: ask(book, now) }),
        done: () => reply && answer(reply.value),
        failed: (cause) => answer(excuse(cause)),
      });
    });
  }

  #enqueue(operation: BudgetOperation): void {
    this.#queue.push(operation);
    this.#schedule();
  }

  /** `isAlone`: nobody else's call is on its way. */
  #schedule(isAlone = false): void {
    if (this.#scheduled) {
      if (this.#lockedOut === undefined) this.#gather.more(false);
      return;
    }
    this.#scheduled = true;
    const flush = (): void => this.#flush();
    if (this.#lockedOut === undefined) this.#gather.more(isAlone);
    else if (this.#lockedOut.tries < EAGER_TRIES_MAX) setImmediate(flush);
    else setTimeout(flush, RETRY_MS);
  }

  #flush(): void {
    this.#scheduled = false;
    clearTimeout(this.#later);
    this.#later = undefined;
    const late = this.#unsettled.slice(0, BATCH_MAX);
    const batch = this.#queue.slice(0, BATCH_MAX);
    if (late.length + batch.length === 0) return;
    const now = this.#now();
    const result = this.#connection.transact((book) => {
      if (now >= this.#sweepAt) book.sweep(now);
      for (const { attempt, settlements } of late) book.settle(attempt, settlements);
      for (const operation of batch) run(operation, book, now);
    });
    switch (result.kind) {
      case "done":
        this.#done(batch, late, now);
        break;
      case "busy":
        this.#locked(batch);
        break;
      case "failed":
        this.#failed(batch, result.cause);
        break;
      default:
        impossible(result);
    }
    if (this.#queue.length > 0) this.#schedule();
  }

  #done(batch: readonly BudgetOperation[], late: readonly SettleOperation[], now: Instant): void {
    this.#lockedOut = undefined;
    // A clock set back by hours must not put the next sweep off by as much.
    if (now >= this.#sweepAt || this.#sweepAt - now > SWEEP_MS) this.#sweepAt = now + SWEEP_MS;
    this.#queue = this.#queue.slice(batch.length);
    if (late.length > 0) this.#unsettled = this.#unsettled.slice(late.length);
    for (const operation of batch) {
      switch (operation.kind) {
        case "reserve":
          this.#answerFirst(operation);
          break;
        case "settle":
          if (operation.reply !== undefined) operation.answer(operation.reply);
          break;
        case "errand":
          operation.done();
          break;
        default:
          impossible(operation);
      }
    }
  }

  #answerFirst({ attempt, reply, answer }: ReserveOperation): void {
    if (reply !== undefined) answer(this.#firstReplies.remember(attempt, reply));
  }

  #locked(batch: readonly BudgetOperation[]): void {
    const { since, tries } = this.#lockedOut ?? { since: monotonicMillis(), tries: 0 };
    this.#lockedOut = { since, tries: tries + 1 };
    if (monotonicMillis() - since < LOCK_WAIT_MAX_MS) return;
    this.#lockedOut = undefined;
    this.#failed(batch, new Error(`another process held the lock for ${LOCK_WAIT_MAX_MS} ms`));
  }

  #failed(batch: readonly BudgetOperation[], cause: Error): void {
    this.#queue = this.#queue.slice(batch.length);
    for (const operation of batch) {
      switch (operation.kind) {
        case "reserve":
          operation.answer({ kind: "unreachable", cause });
          break;
        case "settle":
          if (this.#unsettled.length < UNSETTLED_MAX) this.#unsettled.push(operation);
          operation.answer(UNREACHABLE);
          break;
        case "errand":
          operation.failed(cause);
          break;
        default:
          impossible(operation);
      }
    }
    this.#retryUnsettled();
  }

  #retryUnsettled(): void {
    if (this.#unsettled.length === 0 || this.#retrying) return;
    this.#retrying = true;
    const retry = (): void => {
      this.#retrying = false;
      this.#schedule();
    };
    setTimeout(retry, UNSETTLED_RETRY_MS).unref();
  }
}
