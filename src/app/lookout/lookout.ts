/**
 * Sees to it that a look at hostile text ends. Looks are synchronous, so a detector that never
 * comes back holds the event loop for ever: a thread watches, and ends the process when one look
 * takes longer than `limits.stuck_ms`. What was looked at is left in a note for the next start.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Facts } from "../../core/evidence.ts";
import { guardLooks, type LookGuard } from "../../core/inspect/guarded-look.ts";
import type { Millis } from "../../core/units.ts";
import type { LookSide, LookWatch } from "../../pipeline/stages.ts";
import {
  LOOKING,
  lookoutCells,
  LOOKS,
  NAME_BYTES,
  NAMED,
  STOP,
  type LookoutCells,
} from "./lookout-cells.ts";

export interface LookoutThread {
  readonly shared: SharedArrayBuffer;
  readonly stuckMs: number;
  /** Where the note goes. */
  readonly note: string;
}

/** Divides the parts of a name; none of them can hold it. */
const DIVIDER = "\n";

export class Lookout implements LookWatch, Disposable {
  readonly #stuck: Millis;
  readonly #note: string;
  readonly #cells: LookoutCells = lookoutCells();
  readonly #encoder = new TextEncoder();
  #thread: Worker | undefined;
  /** Whose look goes on; undefined: nobody's in particular. */
  #facts: Facts | undefined;
  #side: LookSide = "request";
  #written: Facts | undefined;
  #writtenSide: LookSide = "request";

  /** `within`: what is around each look beside this. */
  constructor(stuck: Millis, directory: string, within: LookGuard | undefined) {
    this.#stuck = stuck;
    this.#note = join(directory, `stuck-${process.pid}.json`);
    const { numbers } = this.#cells;
    guardLooks((look, subject) => {
      this.#thread ??= this.#start();
      this.#writeName();
      numbers[LOOKS] = (numbers[LOOKS] ?? 0) + 1;
      numbers[LOOKING] = 1;
      try {
        if (within === undefined) look(subject);
        else within(look, subject);
      } finally {
        numbers[LOOKING] = 0;
      }
    });
  }

  /** If the look that follows never ends, this is whose it was. */
  begin(facts: Facts, side: LookSide): void {
    this.#facts = facts;
    this.#side = side;
  }

  end(): void {
    this.#facts = undefined;
  }

  /** Written down once a detector is asked: most texts are known already. */
  #writeName(): void {
    const { numbers, text } = this.#cells;
    numbers[NAMED] = this.#facts === undefined ? 0 : 1;
    if (this.#facts === undefined) return;
    if (this.#facts === this.#written && this.#side === this.#writtenSide) return;
    this.#written = this.#facts;
    this.#writtenSide = this.#side;
    const { exchange, upstream, method, path, principal } = this.#facts;
    const { tenant = "", agent = "" } = principal ?? {};
    const name = [this.#side, exchange, upstream.name, method, tenant, agent, path].join(DIVIDER);
    numbers[NAME_BYTES] = this.#encoder.encodeInto(name, text).written;
  }

  [Symbol.dispose](): void {
    guardLooks(undefined);
    if (this.#thread === undefined) return;
    const { numbers } = this.#cells;
    numbers[STOP] = 1;
    Atomics.notify(numbers, STOP);
    // The thread may be ended before it takes back its note of a look that came to an end.
    rmSync(this.#note, { force: true });
  }

  /** At once: the first look may be the one that never ends. */
  #start(): Worker {
    const { shared } = this.#cells;
    const workerData: LookoutThread = { shared, stuckMs: this.#stuck, note: this.#note };
    const thread = new Worker(new URL("./lookout-thread.ts", import.meta.url), { workerData });
    // Without it looks go on unwatched; the next one tries again.
    thread.on("error", () => undefined);
    thread.once("exit", () => (this.#thread = undefined));
    thread.unref();
    return thread;
  }
}
