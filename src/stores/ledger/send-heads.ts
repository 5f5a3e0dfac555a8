/** Sends signed heads away from this machine: only there do they tell of what is gone here. */
import { appendFile } from "node:fs/promises";
import { impossible } from "../../lib/impossible.ts";
import type { RedisAddress } from "../redis/redis-address.ts";

/** Heads that wait for one target; a newer head says all that an older one says of what is left. */
const WAITING_MAX = 1_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
const TIMEOUT_MS = 5_000;

/** The Redis Stream that heads are appended to. */
const HEADS_STREAM = "sallyport:ledger-heads";

/** A file to append to, an http(s) URL to post to, or a Redis to append to a stream of. */
export type HeadTarget =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "redis"; readonly address: RedisAddress };

/** One target's heads, in order, each until it was taken. Nobody waits for it. */
export class HeadSender {
  readonly #deliver: Deliver;
  readonly #failed: (cause: unknown) => void;
  readonly #waiting: string[] = [];
  #sending: Promise<void> | undefined;
  #retry = RETRY_MS_MIN;
  #timer: NodeJS.Timeout | undefined;

  /** `failed` is told once for each series of failures. */
  constructor(target: HeadTarget, failed: (cause: unknown) => void) {
    this.#deliver = delivererTo(target);
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

  /** One at a time; whoever comes meanwhile waits for the same end. */
  #sendAll(): Promise<void> {
    this.#timer = undefined;
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #drain(): Promise<void> {
    try {
      for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
        await this.#deliver(line);
        this.#waiting.shift();
        this.#retry = RETRY_MS_MIN;
      }
    } catch (error) {
      if (this.#retry === RETRY_MS_MIN) this.#failed(error);
      this.#timer = setTimeout(() => void this.#sendAll(), this.#retry).unref();
      this.#retry = Math.min(this.#retry * 2, RETRY_MS_MAX);
    }
  }
}

type Deliver = (line: string) => Promise<void>;

function delivererTo(target: HeadTarget): Deliver {
  switch (target.kind) {
    case "file":
      return (line) => appendFile(target.path, `${line}\n`, { flush: true });
    case "http":
      return (line) => post(target.url, line);
    case "redis":
      return (line) => appendToStream(target.address, line);
    default:
      return impossible(target);
  }
}

async function post(url: string, body: string): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

/** Connected for each head: they are a minute apart. */
async function appendToStream(address: RedisAddress, head: string): Promise<void> {
  const { RedisStream } = await import("../redis/redis-stream.ts");
  await using stream = new RedisStream(address, HEADS_STREAM);
  await stream.append([{ head }]);
}
