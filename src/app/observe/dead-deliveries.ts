/** What could not be brought to those who wanted to hear of it; asked with every report. */
import { existsSync } from "node:fs";
import type { SqliteDeliveryStore } from "../../stores/sqlite/delivery-store.ts";

export class DeadDeliveries implements Disposable {
  readonly #path: string;
  #store: SqliteDeliveryStore | undefined;
  #last = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** As last seen while the file cannot be read: the rounds of deliveries say so, and why. */
  async count(): Promise<number> {
    if (this.#store === undefined && !existsSync(this.#path)) return 0;
    try {
      // Loaded with the first of them: a start must not wait for it.
      const { SqliteDeliveryStore } = await import("../../stores/sqlite/delivery-store.ts");
      this.#store ??= new SqliteDeliveryStore(this.#path);
      this.#last = this.#store.countDead();
    } catch {
      // See above.
    }
    return this.#last;
  }

  [Symbol.dispose](): void {
    this.#store?.[Symbol.dispose]();
    this.#store = undefined;
  }
}
