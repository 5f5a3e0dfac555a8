/** A stream that is appended to: no script, no deadline of milliseconds, nobody waits. */
import { once } from "node:events";
import type { RedisAddress } from "./redis-address.ts";
import { connectRedis, type RedisConnection } from "./redis-connection.ts";

const READY_MS = 2_000;

export class RedisStream implements AsyncDisposable {
  readonly #address: RedisAddress;
  readonly #stream: string;
  #redis: RedisConnection | undefined;

  constructor(address: RedisAddress, stream: string) {
    this.#address = address;
    this.#stream = stream;
  }

  /** Rejects where one of them was not taken; those before it were. */
  async append(entries: readonly Readonly<Record<string, string>>[]): Promise<void> {
    const redis = await this.#ready();
    const batch = redis.pipeline();
    for (const fields of entries) batch.xadd(this.#stream, "*", ...Object.entries(fields).flat());
    for (const [error] of (await batch.exec()) ?? []) if (error !== null) throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis?.disconnect();
  }

  async #ready(): Promise<RedisConnection> {
    this.#redis ??= await this.#connect();
    const redis = this.#redis;
    if (redis.status !== "ready") {
      await once(redis, "ready", { signal: AbortSignal.timeout(READY_MS) }).catch(() => {
        throw new Error("no connection to Redis");
      });
    }
    return redis;
  }

  async #connect(): Promise<RedisConnection> {
    const redis = await connectRedis(this.#address, { ca: undefined });
    // It connects anew by itself; whoever appends is told.
    redis.on("error", () => undefined);
    return redis;
  }
}
