/** Sends signed heads away from this machine: only there do they tell of what is gone here. */
import { appendFile } from "node:fs/promises";

/** Heads that wait for one target; a newer head says all that an older one says of what is left. */
const WAITING_MAX = 1_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
const TIMEOUT_MS = 5_000;

/** A file to append to, or an http(s) URL to post to. */
export type HeadTarget =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "http"; readonly url: string };

/** One target's heads, in order, each until it was taken. Nobody waits for it. */
export class HeadSender {
  readonly #target: HeadTarget;
  readonly #failed: (cause: unknown) => void;
  readonly #waiting: string[] = [];
  #sending = false;
  #retry = RETRY_MS_MIN;
  #timer: NodeJS.Timeout | undefined;

  /** `failed` is told once for each series of failures. */
  constructor(target: HeadTarget, failed: (cause: unknown) => void) {
    this.#target = target;
    this.#failed = failed;
  }

  send(line: string): void {
    if (this.#waiting.length >= WAITING_MAX) this.#waiting.shift();
    this.#waiting.push(line);
    if (this.#timer === undefined) void this.#sendAll();
  }

  /** A last try for what waits. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sendAll();
    clearTimeout(this.#timer);
  }

  async #sendAll(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    this.#timer = undefined;
    try {
      for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
        await deliver(this.#target, line);
        this.#waiting.shift();
        this.#retry = RETRY_MS_MIN;
      }
    } catch (error) {
      if (this.#retry === RETRY_MS_MIN) this.#failed(error);
      this.#timer = setTimeout(() => void this.#sendAll(), this.#retry).unref();
      this.#retry = Math.min(this.#retry * 2, RETRY_MS_MAX);
    } finally {
      this.#sending = false;
    }
  }
}

async function deliver(target: HeadTarget, line: string): Promise<void> {
  if (target.kind === "file") {
    await appendFile(target.path, `${line}\n`, { flush: true });
    return;
  }
  const answer = await fetch(target.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: line,
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${target.url} answered ${answer.status}`);
}
