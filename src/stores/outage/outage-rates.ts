import type { RateClaim, RateStore, RateUse, TakeReply } from "../../core/money/rate.ts";
import type { ExchangeId } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import { createRateStore } from "../memory/rate-store.ts";
import type { OutageCount, OutagePolicy } from "./outage-policy.ts";

/** Limits that the operator's word replaces while the shared store is away. */
export class OutageRates implements RateStore, OutageCount {
  letThrough = 0;
  readonly #store: RateStore;
  readonly #policy: OutagePolicy;
  readonly #now: () => number;
  /** This replica's share of each limit, counted by itself. */
  readonly #own = createRateStore();

  /** `now`: milliseconds since the epoch. */
  constructor(store: RateStore, policy: OutagePolicy, now: () => number) {
    this.#store = store;
    this.#policy = policy;
    this.#now = now;
  }

  async take(exchange: ExchangeId, claims: readonly RateClaim[]): Promise<TakeReply> {
    const reply = await this.#store.take(exchange, claims);
    if (reply.kind !== "unreachable") return reply;
    const instead = await this.#without(exchange, claims, reply);
    if (instead.kind === "taken") this.letThrough += 1;
    return instead;
  }

  end(exchange: ExchangeId, used: RateUse): void {
    this.#store.end(exchange, used);
    this.#own.end(exchange, used);
  }

  #without(
    exchange: ExchangeId,
    claims: readonly RateClaim[],
    reply: TakeReply,
  ): TakeReply | Promise<TakeReply> {
    const policy = this.#policy;
    switch (policy.kind) {
      case "closed":
        return reply;
      case "open":
        return this.#now() < policy.until ? { kind: "taken", standings: [] } : reply;
      case "degrade": {
        const shares = claims.map((claim) => shareOf(claim, policy.share));
        const none = shares.some(({ limit }) => limit.allowance === 0);
        return none ? reply : this.#own.take(exchange, shares);
      }
      default:
        return impossible(policy);
    }
  }
}

/** Rounded down: the shares of all replicas together stay within the limit. */
function shareOf(claim: RateClaim, percent: number): RateClaim {
  const allowance = Math.floor((claim.limit.allowance * percent) / 100);
  return { ...claim, limit: { ...claim.limit, allowance } };
}
