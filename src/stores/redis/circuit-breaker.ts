/** Failures in a row after which nobody is asked for a while. */
export const FAILURES_MAX = 5;
/** Pauses in milliseconds: the first, and the longest after further failures. */
export const PAUSE_MIN = 250;
const PAUSE_MAX = 2000;

/**
 * Slow is worse than gone: every call would wait for its deadline. After some failures calls are told
 * at once, and one in a while goes through to see whether it is over.
 */
export class CircuitBreaker {
  readonly #clock: () => number;
  #failures = 0;
  #closedFrom = 0;

  /** `clock`: monotonic milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get open(): boolean {
    return this.#failures >= FAILURES_MAX;
  }

  /** Whether a call may go out now; while open, one is let through per pause. */
  admit(): boolean {
    if (!this.open) return true;
    if (this.#clock() < this.#closedFrom) return false;
    this.#pause();
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.open) this.#pause();
  }

  #pause(): void {
    const doublings = Math.min(Math.max(this.#failures - FAILURES_MAX, 0), 8);
    this.#closedFrom = this.#clock() + Math.min(PAUSE_MIN * 2 ** doublings, PAUSE_MAX);
  }
}
