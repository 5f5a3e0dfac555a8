import { monotonicMillis } from "../lib/clock.ts";

/** The longest that work waits for company, in milliseconds. */
const GATHER_MS = 2;
/** Fewer expected in that time are not worth the wait: below 2,500 calls a second nobody waits. */
const CROWD_MIN = 5;
/** Company enough, however dense the traffic. */
const CROWD_MAX = 32;
/** How much one gap between two calls moves the estimate. */
const WEIGHT = 1 / 16;
/** Longer gaps count as this: after a silence the estimate is of lone calls again. */
const GAP_MS_MAX = 4;

/**
 * Decides when to begin a commit that many may share. A lone call begins it at the end of its turn
 * of the event loop; in a crowd, who comes first waits until as many are there as usually come
 * within `GATHER_MS`, and no longer than that.
 */
export class Gather {
  readonly #begin: () => void;
  #waiting = 0;
  /** Exponential mean of the time between two calls, in milliseconds. */
  #gap = GAP_MS_MAX;
  #last = 0;
  #turn: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(begin: () => void) {
    this.#begin = begin;
  }

  /** One more call is there. */
  more(): void {
    const now = monotonicMillis();
    this.#gap += (Math.min(now - this.#last, GAP_MS_MAX) - this.#gap) * WEIGHT;
    this.#last = now;
    this.#waiting += 1;
    if (this.#turn !== undefined) return;
    const expected = GATHER_MS / this.#gap;
    if (expected < CROWD_MIN || this.#waiting >= Math.min(expected, CROWD_MAX)) this.soon();
    else this.#timer ??= setTimeout(this.#look, GATHER_MS);
  }

  /** At the end of this turn, whoever is there. */
  soon(): void {
    this.#turn ??= setImmediate(this.#look);
  }

  /** The commit has begun by other means. */
  stop(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#timer);
    this.#turn = undefined;
    this.#timer = undefined;
    this.#waiting = 0;
  }

  readonly #look = (): void => {
    this.stop();
    this.#begin();
  };
}
