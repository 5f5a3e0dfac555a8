import { monotonicMillis } from "../../lib/clock.ts";

interface Waiting {
  readonly until: number;
  expire(): void;
}

/**
 * Gives every answer the same time, with one timer for all. Time that this process was too busy to
 * read its sockets does not count against the other side: what has arrived meanwhile is read first.
 */
export class Deadlines implements Disposable {
  readonly #limit: number;
  /** Oldest first, because all wait equally long. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** `limit` in milliseconds. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Rejects with what `late` makes. The work itself goes on: whoever needs to must undo it. */
  guard<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const expire = (): void => reject(late());
      const waiting: Waiting = { until: monotonicMillis() + this.#limit, expire };
      this.#waiting.add(waiting);
      this.#arm(this.#limit);
      work.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error: Error) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const waiting of this.#waiting) waiting.expire();
    this.#waiting.clear();
  }

  #arm(delay: number): void {
    this.#timer ??= setTimeout(() => setImmediate(() => this.#sweep()), delay);
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = monotonicMillis();
    for (const waiting of this.#waiting) {
      if (waiting.until > now) return this.#arm(waiting.until - now);
      this.#waiting.delete(waiting);
      waiting.expire();
    }
  }
}
