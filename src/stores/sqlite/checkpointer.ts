import { Worker } from "node:worker_threads";

/** Commits between two checkpoints. A commit of budgets writes 2 to 5 pages of 4 KiB. */
const COMMITS_BETWEEN = 1000;
/**
 * Pages of the write-ahead log, 64 MB, after which SQLite checkpoints by itself, on the event loop:
 * only where threads cannot keep up.
 */
export const WAL_PAGES_MAX = 16_000;

/**
 * Moves a write-ahead log into its file, with the two fsyncs that takes, in a thread of its own: on
 * the event loop every call in flight would wait for it. The thread lives for one checkpoint, so an
 * idle gate holds none.
 */
export class Checkpointer implements Disposable {
  readonly #path: string;
  #commits = 0;
  #running: Worker | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** To be told of every commit. */
  committed(): void {
    this.#commits += 1;
    if (this.#commits < COMMITS_BETWEEN || this.#running !== undefined) return;
    this.#commits = 0;
    const worker = new Worker(new URL("./checkpoint-worker.ts", import.meta.url), {
      workerData: this.#path,
    });
    this.#running = worker;
    worker.unref();
    // A checkpoint that failed is tried again after as many commits.
    worker.on("error", () => undefined);
    worker.once("exit", () => (this.#running = undefined));
  }

  /** Whoever closes the file last checkpoints it. */
  [Symbol.dispose](): void {
    void this.#running?.terminate();
  }
}
