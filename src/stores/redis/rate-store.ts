import { usedOf } from "../../core/money/claims.ts";
import { leftOf } from "../../core/money/gcra.ts";
import type {
  RateClaim,
  RateStanding,
  RateStore,
  RateUse,
  TakeReply,
} from "../../core/money/rate.ts";
import { millis, type ExchangeId } from "../../core/units.ts";
import { changesLater, PLACE_LEASE_MS, PLACE_RENEW_MS } from "../place-lease.ts";
import { errorOf } from "../../lib/caught.ts";
import { END, RENEW, TAKE } from "./rate-scripts.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisKeys } from "./redis-keys.ts";

const RENEWED_AT_ONCE_MAX = 500;

export interface RedisStoreOptions {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  /** Milliseconds; undefined: the server's clock, which all replicas share. */
  readonly clock?: (() => number) | undefined;
}

/** The limits of all replicas that use one Redis, by its clock: one round trip for each call. */
export class RedisRateStore implements RateStore, Disposable {
  readonly #client: RedisClient;
  readonly #keys: RedisKeys;
  readonly #clock: (() => number) | undefined;
  /** Claims that their exchange's end changes: at most one entry for each exchange in flight. */
  readonly #live = new Map<ExchangeId, readonly RateClaim[]>();
  readonly #renewal: NodeJS.Timeout;

  constructor({ client, keys, clock }: RedisStoreOptions) {
    this.#client = client;
    this.#keys = keys;
    this.#clock = clock;
    this.#renewal = setInterval(() => this.#renew(), PLACE_RENEW_MS).unref();
  }

  async take(exchange: ExchangeId, claims: readonly RateClaim[]): Promise<TakeReply> {
    const args: (string | number)[] = [this.#now(), exchange, PLACE_LEASE_MS];
    for (const { limit, amount } of claims) {
      args.push(limit.kind, limit.allowance, limit.kind === "rate" ? limit.per : 0, amount);
    }
    const keys = claims.map(({ key }) => this.#keys.rate(key));
    try {
      const reply = readTake(await this.#client.run(TAKE, keys, args), claims);
      if (reply.kind === "taken" && claims.some(changesLater)) this.#live.set(exchange, claims);
      return reply;
    } catch (error) {
      // A place that was taken all the same is free again when its lease ends.
      return { kind: "unreachable", cause: errorOf(error) };
    }
  }

  end(exchange: ExchangeId, used: RateUse): void {
    const claims = this.#live.get(exchange);
    if (claims === undefined) return;
    this.#live.delete(exchange);
    const changed = claims.filter(changesLater);
    const args: (string | number)[] = [this.#now(), exchange];
    for (const claim of changed) {
      const { limit, amount } = claim;
      const per = limit.kind === "rate" ? limit.per : 0;
      args.push(limit.kind, limit.allowance, per, amount, usedOf(claim, used) ?? amount);
    }
    const keys = changed.map(({ key }) => this.#keys.rate(key));
    // What is lost here is only caution: a rate refills by itself, a place has its lease.
    this.#client.run(END, keys, args).catch(() => undefined);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#renewal);
  }

  #renew(): void {
    const running = new Map<string, ExchangeId[]>();
    for (const [exchange, claims] of this.#live) {
      for (const { limit, key } of claims) {
        if (limit.kind !== "places") continue;
        const known = running.get(key);
        if (known === undefined) running.set(key, [exchange]);
        else known.push(exchange);
      }
    }
    for (const [key, exchanges] of running) {
      for (let at = 0; at < exchanges.length; at += RENEWED_AT_ONCE_MAX) {
        const some = exchanges.slice(at, at + RENEWED_AT_ONCE_MAX);
        const args = [this.#now(), PLACE_LEASE_MS, ...some];
        this.#client.run(RENEW, [this.#keys.rate(key)], args).catch(() => undefined);
      }
    }
  }

  #now(): number | "" {
    return this.#clock === undefined ? "" : this.#clock();
  }
}

function readTake(reply: unknown, claims: readonly RateClaim[]): TakeReply {
  if (!Array.isArray(reply)) throw new TypeError("Redis answered something else than a list");
  const [refused, wait, ...states] = reply.map(Number);
  const standings = claims.map((claim, at) => standingOf(claim, states[at] ?? 0));
  const claim = claims[(refused ?? 0) - 1];
  if (claim === undefined) return { kind: "taken", standings };
  return { kind: "empty", claim, retryIn: millis(wait ?? 0), standings };
}

/** `state`: milliseconds until the rate is unused, or the places that are taken. */
function standingOf(claim: RateClaim, state: number): RateStanding {
  const { limit } = claim;
  if (limit.kind === "places") {
    return { claim, left: Math.max(limit.allowance - state, 0), resetsIn: millis(0) };
  }
  return { claim, left: leftOf(limit, state, 0), resetsIn: millis(Math.max(Math.ceil(state), 0)) };
}
