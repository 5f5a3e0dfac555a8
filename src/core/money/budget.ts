import type { BudgetId, ExchangeId, Instant, Millis } from "../units.ts";

/** What a budget counts: nano-USD, tokens (input + output), or calls. */
export type BudgetUnit = "nano_usd" | "tokens" | "calls";

export type Window =
  | {
      readonly kind: "calendar";
      readonly every: "minute" | "hour" | "day" | "month";
      readonly tz: string;
    }
  | { readonly kind: "session" }
  | { readonly kind: "lifetime" };

/** A budget as a policy file defines it. `per` makes one instance for each value. */
export interface Budget {
  readonly id: BudgetId;
  readonly unit: BudgetUnit;
  /** Integer in the unit. */
  readonly limit: number;
  readonly per: "all" | "agent" | "session" | "team" | "model" | "upstream" | "tool";
  readonly window: Window;
}

/** An amount to set aside in one instance of a budget, in its present window. */
export interface Hold {
  readonly budget: Budget;
  /** Budget, instance and window in one string; two exchanges that share money share this. */
  readonly key: string;
  readonly amount: number;
  /** When the window ends; undefined for session and lifetime. */
  readonly resetsAt: Instant | undefined;
}

/** Money set aside for one exchange: spend once settled, nothing once voided. */
export type Reservation =
  | { readonly kind: "held"; readonly holds: readonly Hold[] }
  | { readonly kind: "unmetered" };

export type ReserveReply =
  | { readonly kind: "held" }
  | { readonly kind: "exhausted"; readonly hold: Hold; readonly left: number }
  | { readonly kind: "unreachable"; readonly cause: Error };

/** What was really used of a hold, same order as reserved. */
export interface Settlement {
  readonly key: string;
  readonly amount: number;
}

export interface BudgetBalance {
  readonly key: string;
  readonly spent: number;
  readonly held: number;
}

/**
 * Never rejects: an adapter turns failures into `unreachable`. Amounts are integers in the unit of
 * their budget.
 */
export interface BudgetStore {
  /**
   * Sets every amount aside or none. Repeating an `exchange` repeats its first reply. A hold whose
   * lease ends unsettled becomes spend.
   */
  reserve(exchange: ExchangeId, holds: readonly Hold[], lease: Millis): Promise<ReserveReply>;
  /**
   * Replaces the exchange's holds by real spend, also above the hold (debt). Idempotent by
   * exchange; a settle after the lease ended corrects the spend. Empty settlements void all holds.
   */
  settle(
    exchange: ExchangeId,
    settlements: readonly Settlement[],
  ): Promise<"settled" | "unreachable">;
  balances(keys: readonly string[]): Promise<readonly BudgetBalance[]>;
}
