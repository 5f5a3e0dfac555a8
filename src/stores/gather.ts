import { monotonicMillis } from "../lib/clock.ts";

/** The longest that work waits for company, in milliseconds. */
const GATHER_MS = 2;
/** Company enough, however dense the traffic. */
const CROWD_MAX = 32;
/** Below this size, on average, calls come one by one, and waiting for others is in vain. */
const CROWD_MIN = 1.5;
/** How much one commit moves the average. */
const WEIGHT = 1 / 16;

/**
 * Decides when to begin a commit that many may share. A call that is alone begins it at once, one
 * among few at the end of its turn of the event loop; in a crowd it is begun by the first turn that
 * brings nobody new.
 */
export class Gather {
  readonly #begin: () => void;
  #waiting = 0;
  /** Who was there when it was last looked. */
  #seen = 0;
  /** Exponential mean of how many share a commit. */
  #crowd = 1;
  #since = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor(begin: () => void) {
    this.#begin = begin;
  }

  /** One more call is there. `isAlone`: nothing else is on its way that could keep it company. */
  more(isAlone: boolean): void {
    this.#waiting += 1;
    if (this.#turn !== undefined) return;
    if (isAlone && this.#crowd < CROWD_MIN) {
      this.#start();
      return;
    }
    this.#since = monotonicMillis();
    this.soon();
  }

  /** At the end of this turn, or of the first one that brings nobody new. */
  soon(): void {
    this.#turn ??= setImmediate(this.#look);
  }

  /** The commit has begun by other means. */
  stop(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    if (this.#waiting > 0) this.#crowd += (this.#waiting - this.#crowd) * WEIGHT;
    this.#waiting = 0;
    this.#seen = 0;
  }

  readonly #look = (): void => {
    this.#turn = undefined;
    if (this.#isGrowing()) {
      this.#seen = this.#waiting;
      this.soon();
    } else {
      this.#start();
    }
  };

  #start(): void {
    this.stop();
    this.#begin();
  }

  #isGrowing(): boolean {
    return (
      this.#crowd >= CROWD_MIN &&
      this.#waiting > this.#seen &&
      this.#waiting < CROWD_MAX &&
      monotonicMillis() - this.#since < GATHER_MS
    );
  }
}
