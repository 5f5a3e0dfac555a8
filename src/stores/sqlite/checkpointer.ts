import { Worker } from "node:worker_threads";

/** Commits between two checkpoints. A commit of budgets writes 2 to 5 pages of 2 KiB. */
const COMMITS_BETWEEN = 1000;
/**
 * Pages of the write-ahead log, 64 MB of the budgets', after which SQLite checkpoints by itself, on
 * the event loop: only where threads cannot keep up.
 */
export const WAL_PAGES_MAX = 32_000;

/**
 * Moves a write-ahead log into its file, with the two fsyncs that takes, in a thread of its own: on
 * the event loop every call in flight would wait for it. The thread ends when nothing is written
 * for a while, so an idle gate holds none.
 */
export class Checkpointer implements Disposable {
  readonly #path: string;
  #commits = 0;
  #busy = false;
  #thread: Worker | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** To be told of every commit. */
  committed(): void {
    this.#commits += 1;
    if (this.#commits < COMMITS_BETWEEN || this.#busy) return;
    this.#commits = 0;
    this.#busy = true;
    this.#thread ??= this.#start();
    this.#thread.postMessage("checkpoint");
  }

  /** Whoever closes the file last checkpoints it. */
  [Symbol.dispose](): void {
    void this.#thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(new URL("./checkpoint-worker.ts", import.meta.url), {
      workerData: this.#path,
    });
    thread.on("message", () => (this.#busy = false));
    // A checkpoint that failed is tried again after as many commits.
    thread.on("error", () => undefined);
    thread.once("exit", () => {
      this.#thread = undefined;
      this.#busy = false;
    });
    // After the listeners: one for messages holds the event loop again.
    thread.unref();
    return thread;
  }
}
