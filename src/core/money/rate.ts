import type { RateLimit } from "../decision.ts";
import type { ExchangeId, Millis } from "../units.ts";

/** One limit as it applies to one exchange. */
export interface RateClaim {
  readonly limit: RateLimit;
  /** Tenant, rule, what is counted and the instance: exchanges that share a limit share this. */
  readonly key: string;
  /** Worst case in what the limit counts; 1 for requests and for places. */
  readonly amount: number;
}

/** How one limit stands after it was asked. */
export interface RateStanding {
  readonly claim: RateClaim;
  /** Whole units that could be taken now. */
  readonly left: number;
  /** Until everything is there again, if nothing more is taken; 0 for places. */
  readonly resetsIn: Millis;
}

export type TakeReply =
  | { readonly kind: "taken"; readonly standings: readonly RateStanding[] }
  | {
      readonly kind: "empty";
      readonly claim: RateClaim;
      readonly retryIn: Millis;
      readonly standings: readonly RateStanding[];
    }
  | { readonly kind: "unreachable"; readonly cause: Error };

/** What an exchange used in the end, where a limit counts more than calls. */
export interface RateUse {
  readonly tokens: number;
  readonly nanoUsd: number;
}

/**
 * Never rejects or throws. A store answers at once where it can, and with a promise only where it
 * must ask another process.
 */
export interface RateStore {
  /** Takes from every limit or from none. */
  take(exchange: ExchangeId, claims: readonly RateClaim[]): TakeReply | Promise<TakeReply>;
  /**
   * The exchange is over: frees its places and puts what was used in the stead of what was taken.
   * Nothing for an exchange that took nothing, or was ended before. Nobody waits for it.
   */
  end(exchange: ExchangeId, used: RateUse): void;
}
