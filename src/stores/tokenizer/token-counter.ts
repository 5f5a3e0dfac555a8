/**
 * Counts tokens in a thread that starts with the first text and ends when none comes: its table
 * takes 80 MB, which nobody who does not need it should pay.
 */
import { Worker } from "node:worker_threads";
import type { TokenCounter } from "../../core/money/token-counter.ts";
import type { FromTokenWorker } from "./token-worker.ts";

export interface TokenCounterLimits {
  /** UTF-16 units of one job. */
  readonly charsMax: number;
  readonly waitingMax: number;
  /** One text can take a tokenizer seconds: the same letter a hundred thousand times. */
  readonly jobMs: number;
  /** Until the table is loaded. */
  readonly loadMs: number;
  /** The thread ends when nothing came for so long. */
  readonly idleMs: number;
}

const LIMITS: TokenCounterLimits = {
  charsMax: 2_000_000,
  waitingMax: 256,
  jobMs: 2000,
  loadMs: 10_000,
  idleMs: 60_000,
};

interface Job {
  readonly texts: readonly string[];
  readonly done: (counts: readonly number[] | undefined) => void;
}

export class ThreadTokenCounter implements TokenCounter, AsyncDisposable {
  readonly #limits: TokenCounterLimits;
  readonly #waiting: Job[] = [];
  #worker: Worker | undefined;
  #loaded = false;
  #running: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(limits: Partial<TokenCounterLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  count(texts: readonly string[]): Promise<readonly number[] | undefined> {
    const { charsMax, waitingMax } = this.#limits;
    const chars = texts.reduce((sum, text) => sum + text.length, 0);
    if (this.#closed || chars > charsMax || this.#waiting.length >= waitingMax) {
      return Promise.resolve(undefined);
    }
    return new Promise((done) => {
      this.#waiting.push({ texts, done });
      this.#next();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.done(undefined);
    await this.#stop();
  }

  #next(): void {
    if (this.#running !== undefined) return;
    clearTimeout(this.#timer);
    const job = this.#waiting.shift();
    const { jobMs, loadMs, idleMs } = this.#limits;
    if (job === undefined) {
      this.#timer = setTimeout(() => void this.#stop(), idleMs).unref();
      return;
    }
    this.#running = job;
    this.#worker ??= this.#start();
    this.#timer = setTimeout(() => void this.#stop(), this.#loaded ? jobMs : loadMs);
    this.#worker.postMessage(job.texts);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./token-worker.ts", import.meta.url));
    worker.unref();
    worker.on("message", (message: FromTokenWorker) => {
      if (message === "loaded") this.#startClock();
      else this.#finish(message);
    });
    worker.on("error", () => void this.#stop());
    return worker;
  }

  /** The time that a job may take begins when there is something that works on it. */
  #startClock(): void {
    this.#loaded = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#stop(), this.#limits.jobMs);
  }

  /** A thread that takes too long, failed or has nothing to do; the next text gets a new one. */
  async #stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#loaded = false;
    worker?.removeAllListeners("message");
    this.#finish(undefined);
    await worker?.terminate();
  }

  #finish(counts: readonly number[] | undefined): void {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = undefined;
    job?.done(counts);
    if (this.#worker !== undefined || this.#waiting.length > 0) this.#next();
  }
}
