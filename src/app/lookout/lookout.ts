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
import type { LookWatch } from "../../pipeline/stages.ts";
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

  /** `within`: what is around each look beside this. */
  constructor(stuck: Millis, directory: string, within: LookGuard | undefined) {
    this.#stuck = stuck;
    this.#note = join(directory, `stuck-${process.pid}.json`);
    const { numbers } = this.#cells;
    guardLooks((look, subject) => {
      this.#thread ??= this.#start();
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

  /** A request's look begins: if it never ends, this is whose it was. */
  begin({ exchange, upstream, method, path, principal }: Facts): void {
    const { numbers, text } = this.#cells;
    const who =
      principal === undefined ? "" : DIVIDER + principal.tenant + DIVIDER + principal.agent;
    const name = exchange + DIVIDER + upstream.name + DIVIDER + method + DIVIDER + path + who;
    numbers[NAME_BYTES] = this.#encoder.encodeInto(name, text).written;
    numbers[NAMED] = 1;
  }

  end(): void {
    this.#cells.numbers[NAMED] = 0;
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
