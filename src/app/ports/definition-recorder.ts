/**
 * Brings what happened to definitions onto the ledger, also what the command line did while no
 * gateway ran. A crash in between writes a change twice, never not at all.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { SqliteDefinitionStore } from "../../stores/sqlite/definition-store.ts";

/** How soon an approval by the command line is on the ledger. */
const LOOK_MS = 2_000;
/** A disk that refuses must not keep the process: what waits is written at the next start. */
const LAST_WORD_MS = 1_000;
/** Changes that wait for the disk at once. */
const AT_ONCE = 256;

export class DefinitionRecorder implements AsyncDisposable {
  readonly #store: SqliteDefinitionStore;
  readonly #ledger: Pick<Ledger, "change">;
  readonly #onFault: (cause: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(
    store: SqliteDefinitionStore,
    ledger: Pick<Ledger, "change">,
    onFault: (cause: unknown) => void,
  ) {
    this.#store = store;
    this.#ledger = ledger;
    this.#onFault = onFault;
    this.#timer = setInterval(() => void this.record(), LOOK_MS).unref();
  }

  /** Resolves when everything that waits is durable, or could not be written now. */
  record(): Promise<void> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const recorded = Promise.resolve(this.#running).then(() => this.record());
    await Promise.race([recorded, pause(LAST_WORD_MS, undefined, { ref: false })]);
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        const claimed = this.#store.claimChanges(AT_ONCE);
        if (claimed.length === 0) return;
        const written = await Promise.all(claimed.map(({ change }) => this.#ledger.change(change)));
        for (const [index, { id }] of claimed.entries()) {
          if (written[index] === true) this.#store.sealChange(id);
        }
      }
    } catch (error) {
      this.#onFault(error);
    }
  }
}
