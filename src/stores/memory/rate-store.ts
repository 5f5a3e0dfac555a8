import { usedOf } from "../../core/money/claims.ts";
import { after, corrected, leftOf, waitFor } from "../../core/money/gcra.ts";
import type { RateClaim, RateStanding, RateStore, TakeReply } from "../../core/money/rate.ts";
import { millis, type ExchangeId } from "../../core/units.ts";
import { changesLater, PLACE_RETRY_MS } from "../place-lease.ts";
import { monotonicMillis } from "../../lib/clock.ts";

/** Rates of all rules and instances; full ones make room for those that are in use. */
const COUNTERS_MAX = 100_000;
/** Counters looked at when a new one comes: more than one, so idle ones never pile up. */
const SWEEP_STEP = 4;

export interface RateStoreOptions {
  /** Milliseconds of a clock that nobody sets: a rate then never waits for a time gone by. */
  readonly clock?: () => number;
  readonly countersMax?: number;
}

/** The limits of one process. Everything is full again after a restart. */
export function createRateStore(options: RateStoreOptions = {}): RateStore {
  return new MemoryRateStore(options);
}

class MemoryRateStore implements RateStore {
  readonly #clock: () => number;
  readonly #countersMax: number;
  /** When each rate would be unused again, in milliseconds of the clock. */
  readonly #emptyAt = new Map<string, number>();
  readonly #running = new Map<string, number>();
  /** Claims that their exchange's end changes: at most one entry for each exchange in flight. */
  readonly #live = new Map<ExchangeId, readonly RateClaim[]>();

  constructor({ clock = monotonicMillis, countersMax = COUNTERS_MAX }: RateStoreOptions) {
    this.#clock = clock;
    this.#countersMax = countersMax;
  }

  take(exchange: ExchangeId, claims: readonly RateClaim[]): TakeReply {
    const now = this.#clock();
    for (const claim of claims) {
      const wait = this.#waitFor(claim, now);
      if (wait === 0) continue;
      const retryIn = millis(wait);
      return { kind: "empty", claim, retryIn, standings: this.#standings(claims, now) };
    }
    for (const claim of claims) {
      const { key, limit, amount } = claim;
      if (limit.kind === "places") this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
      else this.#store(key, after(limit, this.#emptyAt.get(key) ?? now, amount, now), now);
    }
    if (claims.some(changesLater)) this.#live.set(exchange, claims);
    return { kind: "taken", standings: this.#standings(claims, now) };
  }

  end(exchange: ExchangeId, used: Parameters<RateStore["end"]>[1]): void {
    const claims = this.#live.get(exchange);
    if (claims === undefined) return;
    this.#live.delete(exchange);
    const now = this.#clock();
    for (const claim of claims) {
      const { key, limit, amount } = claim;
      const really = usedOf(claim, used);
      if (limit.kind === "places") this.#leave(key);
      else if (really !== undefined) {
        const emptyAt = this.#emptyAt.get(key) ?? now;
        this.#store(key, corrected(limit, emptyAt, amount, really, now), now);
      }
    }
  }

  #waitFor({ key, limit, amount }: RateClaim, now: number): number {
    if (limit.kind === "rate") {
      return waitFor(limit, this.#emptyAt.get(key) ?? now, amount, now);
    }
    return (this.#running.get(key) ?? 0) < limit.allowance ? 0 : PLACE_RETRY_MS;
  }

  #standings(claims: readonly RateClaim[], now: number): readonly RateStanding[] {
    return claims.map((claim) => {
      const { key, limit } = claim;
      if (limit.kind === "places") {
        const left = Math.max(limit.allowance - (this.#running.get(key) ?? 0), 0);
        return { claim, left, resetsIn: millis(0) };
      }
      const emptyAt = this.#emptyAt.get(key) ?? now;
      const resetsIn = millis(Math.max(Math.ceil(emptyAt - now), 0));
      return { claim, left: leftOf(limit, emptyAt, now), resetsIn };
    });
  }

  #leave(key: string): void {
    const running = (this.#running.get(key) ?? 0) - 1;
    if (running > 0) this.#running.set(key, running);
    else this.#running.delete(key);
  }

  #store(key: string, at: number, now: number): void {
    if (!this.#emptyAt.has(key)) this.#makeRoom(now);
    this.#emptyAt.set(key, at);
  }

  #makeRoom(now: number): void {
    let looked = 0;
    for (const [key, at] of this.#emptyAt) {
      if (looked >= SWEEP_STEP) break;
      looked += 1;
      this.#emptyAt.delete(key);
      if (at > now) this.#emptyAt.set(key, at);
    }
    if (this.#emptyAt.size < this.#countersMax) return;
    const [oldest] = this.#emptyAt.keys();
    if (oldest !== undefined) this.#emptyAt.delete(oldest);
  }
}
