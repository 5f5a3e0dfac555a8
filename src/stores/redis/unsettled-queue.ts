import type { Settlement } from "../../core/money/budget.ts";
import type { AttemptId } from "../../core/units.ts";

/** Settlements that Redis could not take, kept until it is back. */
const UNSETTLED_MAX = 10_000;
const RETRY_MS = 250;
const RETRIED_AT_ONCE_MAX = 64;

export interface LateSettlement {
  readonly attempt: AttemptId;
  /** Of the attempt's tenant. */
  readonly key: string;
  readonly settlements: readonly Settlement[];
  /** For how many ms an attempt that Redis does not know is void; empty: nothing to void. */
  readonly giveUp: number | "";
}

/** Tries again, oldest first, until each was taken: settling is idempotent. */
export class UnsettledQueue implements AsyncDisposable {
  readonly #settle: (late: LateSettlement) => Promise<unknown>;
  #queue: LateSettlement[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(settle: (late: LateSettlement) => Promise<unknown>) {
    this.#settle = settle;
  }

  get size(): number {
    return this.#queue.length;
  }

  /** One too many is left to its lease: the hold becomes spend, nothing becomes free. */
  add(late: LateSettlement): void {
    if (this.#queue.length < UNSETTLED_MAX) this.#queue.push(late);
    this.#retryLater();
  }

  /** A last try; what is left becomes spend. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#queue.length > 0 && (await this.#retry()));
  }

  #retryLater(): void {
    if (this.#queue.length === 0) return;
    this.#timer ??= setTimeout(() => void this.#retryAll(), RETRY_MS).unref();
  }

  async #retryAll(): Promise<void> {
    while (this.#queue.length > 0 && (await this.#retry()));
    this.#timer = undefined;
    this.#retryLater();
  }

  /** Whether all of a batch were taken. */
  async #retry(): Promise<boolean> {
    const batch = this.#queue.slice(0, RETRIED_AT_ONCE_MAX);
    const results = await Promise.allSettled(batch.map((late) => this.#settle(late)));
    const failed = batch.filter((_, at) => results[at]?.status === "rejected");
    this.#queue = [...failed, ...this.#queue.slice(batch.length)];
    return failed.length === 0;
  }
}
