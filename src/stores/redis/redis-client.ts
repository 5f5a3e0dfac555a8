/** A Redis that answers soon or not at all. */
import { errorOf } from "../../lib/caught.ts";
import { monotonicMillis, wallMillis } from "../../lib/clock.ts";
import { ALL_SCRIPTS } from "./all-scripts.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { Deadlines } from "./deadlines.ts";
import type { RedisAddress } from "./redis-address.ts";
import { connectRedis, type RedisConnection, type RedisTls } from "./redis-connection.ts";
import type { RedisScript } from "./redis-script.ts";
import { readServerState, type ServerState } from "./server-fitness.ts";

/** A start waits this long for the server, then goes on without it. */
const START_WAIT_MS = 1500;
/** How often a server is asked again whether it is fit: its settings may be changed at run time. */
const CHECK_MS = 15_000;
/** As long as nobody could look at it everything is refused, so that it is tried again soon. */
const LOOK_AGAIN_MS = 500;
/** Breakers of a cluster; more of them begin anew, closed. */
const BREAKERS_MAX = 10_000;

export interface RedisOptions {
  readonly address: RedisAddress;
  readonly tls: RedisTls;
  /** How long one answer may take, in milliseconds. */
  readonly timeout: number;
  /** Told when the server is lost, found unfit, or back. */
  readonly onChange?: (state: RedisHealth) => void;
}

export interface RedisHealth {
  readonly ok: boolean;
  /** For a person; never a secret. */
  readonly detail: string;
  /** Part of the server's memory limit in use, the fullest of a cluster; undefined: no limit. */
  readonly memoryUsed: number | undefined;
}

/** A server that answers and must not be used as it is: the operator has to change something. */
export class RedisUnfit extends Error {}

/** No answer: not connected, too slow, or not asked because it was so just now. */
export class RedisUnavailable extends Error {
  /** It may be carried out all the same, now or later. */
  readonly sent: boolean;

  constructor(message: string, options: ErrorOptions & { readonly sent: boolean }) {
    super(message, options);
    this.sent = options.sent;
  }
}

/**
 * Rejects with `RedisUnfit` when the server answers and may not be used. A server that does not
 * answer is no reason not to start: calls are refused until it does.
 */
export async function openRedis(options: RedisOptions): Promise<RedisClient> {
  const client = new RedisClient(await connectRedis(options.address, options.tls), options);
  try {
    await client.firstCheck;
    return client;
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** One connection, or one to each node of a cluster. Fails fast and never queues. */
export class RedisClient implements AsyncDisposable {
  /** Resolves when the server was looked at, or did not answer in time. */
  readonly firstCheck: Promise<void>;
  readonly #redis: RedisConnection;
  readonly #timeout: number;
  readonly #onChange: (state: RedisHealth) => void;
  readonly #deadlines: Deadlines;
  /** One server has one; in a cluster each hash tag has its own, for its node may be the sick one. */
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #checks: NodeJS.Timeout;
  readonly #returns: (() => void)[] = [];
  #lookAgain: NodeJS.Timeout | undefined;
  #state: ServerState | undefined;
  #lastError: Error | undefined;
  #told = "";
  #closing = false;

  constructor(redis: RedisConnection, { timeout, onChange = () => undefined }: RedisOptions) {
    this.#redis = redis;
    this.#timeout = timeout;
    this.#onChange = onChange;
    this.#deadlines = new Deadlines(timeout);
    redis.on("error", (error: Error) => (this.#lastError = error));
    redis.on("node error", (error: Error) => (this.#lastError = error));
    redis.on("ready", () => void this.#check());
    redis.on("close", () => {
      // Who answers next may be another server.
      this.#state = undefined;
      this.#tell();
    });
    this.firstCheck = this.#firstCheck();
    this.#checks = setInterval(() => void this.#check(), CHECK_MS).unref();
  }

  get health(): RedisHealth {
    const memoryUsed = this.#state?.memoryUsed;
    const trouble = this.#trouble() ?? (this.#breakerOf("").open ? this.#tooSlow() : undefined);
    if (trouble !== undefined) return { ok: false, detail: trouble.message, memoryUsed };
    const full = memoryUsed === undefined ? "" : `, ${Math.round(memoryUsed * 100)} % of memory`;
    return { ok: true, detail: `Redis ${this.#state?.version ?? ""}${full}`, memoryUsed };
  }

  /**
   * Runs a script; all keys are of one hash slot. Rejects with `RedisUnavailable`, `RedisUnfit` or
   * the server's own error. What was given up may still be carried out later.
   */
  async run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const trouble = this.#trouble();
    if (trouble !== undefined) throw trouble;
    const breaker = this.#breakerOf(keys[0] ?? "");
    if (!breaker.admit()) throw this.#tooSlow(false);
    try {
      const reply = await this.#deadlines.guard(this.#evaluate(script, keys, args), () =>
        this.#tooSlow(),
      );
      breaker.succeeded();
      return reply;
    } catch (error) {
      throw this.#judge(error, breaker);
    }
  }

  /** Called whenever the server can be asked again after it could not: it may be another one. */
  onReturn(listener: () => void): void {
    this.#returns.push(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#checks);
    clearTimeout(this.#lookAgain);
    this.#redis.disconnect();
    this.#deadlines[Symbol.dispose]();
  }

  async #evaluate(
    { sha1, text }: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await this.#redis.evalsha(sha1, keys.length, ...keys, ...args);
    } catch (error) {
      // A server that was restarted, or took over, has forgotten its scripts.
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return this.#redis.eval(text, keys.length, ...keys, ...args);
    }
  }

  /** Why nothing is to be asked now; undefined: go on. */
  #trouble(): Error | undefined {
    if (this.#redis.status !== "ready") {
      return new RedisUnavailable(`no connection to Redis: ${this.#reason()}`, { sent: false });
    }
    if (this.#state?.unfit !== undefined) return new RedisUnfit(this.#state.unfit);
    if (this.#state !== undefined) return undefined;
    const why = this.#lastError === undefined ? " yet" : `: ${this.#lastError.message}`;
    return new RedisUnavailable(`Redis was not looked at${why}`, { sent: false });
  }

  #reason(): string {
    return this.#lastError?.message || "it is being made";
  }

  #tooSlow(sent = true): Error {
    return new RedisUnavailable(`Redis did not answer within ${this.#timeout} ms`, { sent });
  }

  #breakerOf(key: string): CircuitBreaker {
    const tag = "nodes" in this.#redis ? key.slice(0, key.indexOf("}") + 1) : "";
    let breaker = this.#breakers.get(tag);
    if (breaker !== undefined) return breaker;
    if (this.#breakers.size >= BREAKERS_MAX) this.#breakers.clear();
    this.#breakers.set(tag, (breaker = new CircuitBreaker(monotonicMillis)));
    return breaker;
  }

  #judge(error: unknown, breaker: CircuitBreaker): Error {
    const cause = errorOf(error);
    if (cause.name === "ReplyError") {
      breaker.succeeded();
      return cause;
    }
    breaker.failed();
    this.#tell();
    if (cause instanceof RedisUnavailable) return cause;
    const message = `the connection to Redis broke: ${cause.message}`;
    return new RedisUnavailable(message, { cause, sent: true });
  }

  async #firstCheck(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, START_WAIT_MS);
    this.#redis.once("ready", resolve);
    await promise;
    clearTimeout(timer);
    await this.#check();
    if (this.#state?.unfit !== undefined) throw new RedisUnfit(this.#state.unfit);
  }

  /** A server that does not answer keeps what was known of it. */
  async #check(): Promise<void> {
    if (this.#redis.status !== "ready" || this.#closing) return;
    try {
      const asked = Promise.all(this.#servers().map((server) => server.info()));
      const states = (await this.#deadlines.guard(asked, () => this.#tooSlow())).map((info) =>
        readServerState(info, wallMillis()),
      );
      const returned = this.#state === undefined;
      if (returned) await this.#loadScripts();
      this.#state = worstOf(states);
      this.#breakerOf("").succeeded();
      if (returned) for (const listen of this.#returns) listen();
    } catch (error) {
      if (this.#state === undefined && !this.#closing) {
        this.#lastError = this.#judge(error, this.#breakerOf(""));
        clearTimeout(this.#lookAgain);
        this.#lookAgain = setTimeout(() => void this.#check(), LOOK_AGAIN_MS).unref();
      }
    }
    this.#tell();
  }

  async #loadScripts(): Promise<void> {
    const loaded = this.#servers().flatMap((server) =>
      ALL_SCRIPTS.map(({ text }) => server.script("LOAD", text)),
    );
    // A user who may not load them sends their text with the first call.
    await this.#deadlines.guard(Promise.allSettled(loaded), () => this.#tooSlow());
  }

  #servers() {
    return "nodes" in this.#redis ? this.#redis.nodes("master") : [this.#redis];
  }

  #tell(): void {
    if (this.#closing) return;
    const { health } = this;
    const said = health.ok ? "ok" : health.detail;
    if (said === this.#told) return;
    this.#told = said;
    this.#onChange(health);
  }
}

function worstOf(states: readonly ServerState[]): ServerState | undefined {
  const [first] = states;
  if (first === undefined) return undefined;
  const worst = states.find(({ unfit }) => unfit !== undefined) ?? first;
  const used = states.flatMap(({ memoryUsed }) => memoryUsed ?? []);
  return { ...worst, memoryUsed: used.length === 0 ? undefined : Math.max(...used) };
}
