import type { DatabaseSync } from "node:sqlite";
import { errorOf } from "../../lib/caught.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { BudgetBook } from "./budget-book.ts";
import { BUDGET_MIGRATIONS } from "./budget-schema.ts";
import { Checkpointer, WAL_PAGES_MAX } from "./checkpointer.ts";
import { openDatabase } from "./database.ts";
import { isBusy } from "./is-busy.ts";

/** A transaction changes a few short rows: half of SQLite's page is written sooner. */
const PAGE_BYTES = 2048;
/** After a failure the file is opened anew, no more often than this. */
const REOPEN_MS = 250;

export type Transacted =
  | { readonly kind: "done" }
  /** Another process holds the lock; nothing was done. */
  | { readonly kind: "busy" }
  | { readonly kind: "failed"; readonly cause: Error };

const DONE: Transacted = { kind: "done" };
const BUSY: Transacted = { kind: "busy" };

/**
 * One connection to the budget file, opened when it is first needed and opened anew after a failure:
 * a full disk, a missing directory or a damaged file refuses, and works again once it is mended.
 */
export class BudgetConnection implements Disposable {
  readonly #path: string;
  readonly #checkpointer: Checkpointer;
  #open: { readonly database: DatabaseSync; readonly book: BudgetBook } | undefined;
  #failure: { readonly cause: Error; readonly at: number } | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#checkpointer = new Checkpointer(path);
  }

  /** All of `work`, which may be done twice, or nothing. Never throws, never waits for a lock. */
  transact(work: (book: BudgetBook) => void): Transacted {
    const failure = this.#failure;
    if (failure !== undefined && monotonicMillis() - failure.at < REOPEN_MS) {
      return { kind: "failed", cause: failure.cause };
    }
    try {
      this.#open ??= connect(this.#path);
      this.#open.book.transact(work);
      this.#failure = undefined;
      this.#checkpointer.committed();
      return DONE;
    } catch (error) {
      return this.#afterThrow(errorOf(error));
    }
  }

  /** Attempts of this process that hold money, as far as it knows. */
  get unsettled(): number {
    return this.#open?.book.unsettled ?? 0;
  }

  /** 0 while the file cannot be read. */
  get held(): number {
    try {
      return this.#open?.book.held ?? 0;
    } catch {
      return 0;
    }
  }

  /** Why the file could not be used the last time, which is tried again; undefined: it can be. */
  get failing(): Error | undefined {
    if (this.#failure !== undefined) this.transact(() => undefined);
    return this.#failure?.cause;
  }

  [Symbol.dispose](): void {
    this.#checkpointer[Symbol.dispose]();
    const open = this.#open;
    this.#open = undefined;
    try {
      open?.database.close();
    } catch {
      // A connection that cannot be closed holds nothing that was promised to anybody.
    }
  }

  #afterThrow(cause: Error): Transacted {
    try {
      this.#open?.book.rollback();
      if (isBusy(cause)) return BUSY;
    } catch {
      // The rollback fails where the file did; SQLite undoes the transaction when it is next opened.
    }
    this[Symbol.dispose]();
    this.#failure = { cause, at: monotonicMillis() };
    return { kind: "failed", cause };
  }
}

function connect(path: string) {
  const database = openDatabase(path, BUDGET_MIGRATIONS, PAGE_BYTES);
  // A wait inside SQLite would stop the event loop; the store waits outside instead.
  database.exec(`PRAGMA busy_timeout=0; PRAGMA wal_autocheckpoint=${WAL_PAGES_MAX}`);
  return { database, book: new BudgetBook(database) };
}
