import type { BudgetStore } from "../../core/money/budget.ts";
import { NANO_USD_MAX, type Instant } from "../../core/units.ts";
import { wallMillis } from "../../lib/clock.ts";
import { newId } from "../../lib/ids.ts";

/** A store that can be told of spend which it did not see coming. */
export interface ChargeableStore extends BudgetStore {
  /** Adds to what is spent, above any limit; repeating a `telling` changes nothing. */
  charge(telling: string, lines: readonly OwedLine[]): Promise<"charged" | "unreachable">;
}

export interface OwedLine {
  readonly key: string;
  readonly amount: number;
  readonly keepUntil: Instant | undefined;
}

const RETRY_MS = 500;
/** Balances that one telling names; the rest is told after it. */
const TOLD_AT_ONCE_MAX = 500;

/** Spend that its store has not heard of yet, summed by balance, told until it was taken. */
export class OwedSpend implements AsyncDisposable {
  readonly #store: ChargeableStore;
  readonly #owed = new Map<string, OwedLine>();
  /** On its way: told again under the same name until the store says that it has it. */
  #telling: { readonly name: string; readonly lines: readonly OwedLine[] } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: ChargeableStore) {
    this.#store = store;
  }

  add(key: string, amount: number, keepUntil: Instant | undefined): void {
    const before = this.#owed.get(key)?.amount ?? 0;
    this.#owed.set(key, { key, amount: Math.min(before + amount, NANO_USD_MAX), keepUntil });
    this.#later();
  }

  /** A last try; the ledger still has what could not be told. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (await this.#tell());
  }

  #later(): void {
    this.#timer ??= setTimeout(() => void this.#tellAll(), RETRY_MS).unref();
  }

  async #tellAll(): Promise<void> {
    while (await this.#tell());
    this.#timer = undefined;
    if (this.#telling !== undefined) this.#later();
  }

  /** Whether there is more to tell, and somebody who listens. */
  async #tell(): Promise<boolean> {
    this.#telling ??= this.#next();
    if (this.#telling === undefined) return false;
    const { name, lines } = this.#telling;
    if ((await this.#store.charge(name, lines)) === "unreachable") return false;
    this.#telling = undefined;
    return this.#owed.size > 0;
  }

  #next(): { readonly name: string; readonly lines: readonly OwedLine[] } | undefined {
    const lines = [...this.#owed.values()].slice(0, TOLD_AT_ONCE_MAX);
    for (const { key } of lines) this.#owed.delete(key);
    return lines.length === 0 ? undefined : { name: newId("owed", wallMillis()), lines };
  }
}
