/**
 * What replicas tell each other, over a connection of its own. A word may be lost with the
 * connection: while there is none, and once it is back, listeners hear that anything may have
 * changed.
 */
import type { RedisAddress } from "./redis-address.ts";
import { connectRedis, type RedisConnection, type RedisTls } from "./redis-connection.ts";

/** How often listeners look for themselves while nothing can be heard. */
const DEAF_LOOK_MS = 1_000;
/** A connection that only listens does not notice that it is dead. */
const PING_MS = 2_000;

type Listener = (said: string | undefined) => void;

export class RedisNews implements AsyncDisposable {
  readonly #address: RedisAddress;
  readonly #tls: RedisTls;
  readonly #listeners = new Map<string, Set<Listener>>();
  #connection: Promise<RedisConnection> | undefined;
  #looks: NodeJS.Timeout | undefined;
  #pings: NodeJS.Timeout | undefined;
  #closing = false;

  /** Nothing is connected before somebody listens. */
  constructor(address: RedisAddress, tls: RedisTls) {
    this.#address = address;
    this.#tls = tls;
  }

  listen<Word extends string>(channel: string, told: (said: Word | undefined) => void): Disposable {
    // What is published on a channel is what its publisher brands.
    const listener: Listener = (said) => told(said as Word | undefined);
    const known = this.#listeners.get(channel);
    if (known === undefined) this.#listeners.set(channel, new Set([listener]));
    else known.add(listener);
    this.#looks ??= setInterval(() => this.#tellAll(undefined), DEAF_LOOK_MS).unref();
    this.#connection ??= this.#connect();
    if (known === undefined) void this.#subscribe(channel);
    return { [Symbol.dispose]: () => void this.#listeners.get(channel)?.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#looks);
    clearInterval(this.#pings);
    (await this.#connection?.catch(() => undefined))?.disconnect();
  }

  async #connect(): Promise<RedisConnection> {
    const redis = await connectRedis(this.#address, this.#tls);
    redis.on("error", () => undefined);
    redis.on("message", (channel: string, said: string) => this.#tell(channel, said));
    redis.on("close", () => {
      if (this.#closing) return;
      this.#looks ??= setInterval(() => this.#tellAll(undefined), DEAF_LOOK_MS).unref();
    });
    redis.on("ready", () => void this.#resubscribe());
    this.#pings = setInterval(() => void redis.ping().catch(() => undefined), PING_MS).unref();
    return redis;
  }

  async #resubscribe(): Promise<void> {
    await Promise.all([...this.#listeners.keys()].map((channel) => this.#subscribe(channel)));
  }

  /** Heard from now on; what was said before may have been missed. */
  async #subscribe(channel: string): Promise<void> {
    try {
      const redis = await this.#connection;
      await redis?.subscribe(channel);
      clearInterval(this.#looks);
      this.#looks = undefined;
      this.#tell(channel, undefined);
    } catch {
      // It is tried again when the connection is ready; until then listeners look for themselves.
    }
  }

  #tell(channel: string, said: string | undefined): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(said);
  }

  #tellAll(said: string | undefined): void {
    for (const channel of this.#listeners.keys()) this.#tell(channel, said);
  }
}
