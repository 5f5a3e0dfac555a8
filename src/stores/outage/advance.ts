import type { BudgetStore, Hold } from "../../core/money/budget.ts";
import { id, millis, type AttemptId } from "../../core/units.ts";
import { monotonicMillis, wallMillis } from "../../lib/clock.ts";
import { newId } from "../../lib/ids.ts";

/** What is set aside in advance becomes spend so long after this process died. */
export const ADVANCE_LEASE = millis(600_000);

/**
 * A part of one balance that was set aside for the time when the store is away. It counts as held
 * like any other hold, so whatever is spent from it was accounted for before.
 */
export class Advance {
  /** Of the balance that the part was taken from. */
  readonly hold: Hold;
  /** Monotonic milliseconds: when the balance was last asked for. */
  usedAt = monotonicMillis();
  #attempt: AttemptId | undefined;
  #taking: Promise<void> | undefined;
  #left = 0;
  #spent = 0;
  #running = 0;

  /** `hold.amount` is the part. */
  constructor(hold: Hold) {
    this.hold = hold;
  }

  get ready(): boolean {
    return this.#attempt !== undefined;
  }

  /** Whether calls went on it that the store has not been told of. */
  get touched(): boolean {
    return this.#running > 0 || this.#spent > 0;
  }

  get running(): number {
    return this.#running;
  }

  /** Sets the part aside, if there is enough for it. */
  take(store: BudgetStore): void {
    this.#taking = this.#take(store);
  }

  /** False: it is no more, and became spend. */
  async renew(store: BudgetStore): Promise<boolean> {
    if (this.#attempt === undefined) return false;
    const reply = await store.resize(this.#attempt, [this.hold], ADVANCE_LEASE);
    return reply.kind !== "gone";
  }

  fits(amount: number): boolean {
    return this.ready && amount <= this.#left;
  }

  begin(amount: number): void {
    this.#left -= amount;
    this.#running += 1;
  }

  resize(from: number, to: number): void {
    this.#left -= to - from;
  }

  end(amount: number, used: number): void {
    this.#left += amount - used;
    this.#spent += used;
    this.#running -= 1;
  }

  /** Gives back what is left of it, and tells what was spent. The store keeps what it cannot take. */
  async settle(store: BudgetStore): Promise<void> {
    await this.#taking;
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#attempt = undefined;
    const { key, trailing } = this.hold;
    const used = this.#spent === 0 ? [] : [{ key, amount: this.#spent, trailing }];
    this.#spent = 0;
    await store.settle(attempt, used);
  }

  async #take(store: BudgetStore): Promise<void> {
    const attempt = id<AttemptId>(newId("advance", wallMillis()));
    const reply = await store.reserve(attempt, [this.hold], ADVANCE_LEASE);
    if (reply.kind !== "held") return;
    this.#attempt = attempt;
    this.#left = this.hold.amount;
  }
}
