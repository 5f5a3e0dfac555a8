import type { AttemptId, BudgetId, Instant, Millis } from "../units.ts";

/** What a budget counts: nano-USD, tokens (all, of the input, of the output), or calls. */
export type BudgetUnit = "nano_usd" | "tokens" | "input_tokens" | "output_tokens" | "calls";

/** What one instance of a budget may be counted by. */
export type Scope =
  | "tenant"
  | "team"
  | "agent"
  | "user"
  | "session"
  | "run"
  | "tool"
  | "model"
  | "upstream"
  | `tag.${string}`;

export type Window =
  | {
      readonly kind: "calendar";
      readonly every: "minute" | "hour" | "day" | "week" | "month";
      readonly tz: string;
    }
  /** The last `length`, in slices: what a slice saw counts until all of it has passed. */
  | { readonly kind: "rolling"; readonly length: Millis; readonly slice: Millis }
  | { readonly kind: "session" }
  | { readonly kind: "lifetime" };

/** What happens to a call that does not fit into what is left. */
export type OnExceed =
  | { readonly kind: "deny" }
  /** The output cap is lowered to what the rest buys. */
  | { readonly kind: "clamp" }
  /** Another model is asked, if policy allows that one. */
  | { readonly kind: "downgrade"; readonly model: string };

/** A budget as a policy file defines it. */
export interface Budget {
  readonly id: BudgetId;
  readonly unit: BudgetUnit;
  /** Integer in the unit. */
  readonly limit: number;
  /** One instance for each combination of values; empty: one for everybody in the tenant. */
  readonly per: readonly Scope[];
  /** Only calls that fit all of these are charged; empty: all. */
  readonly only: readonly ScopeFilter[];
  readonly window: Window;
  /** Percentages of the limit at which somebody is told, ascending. */
  readonly notifyAt: readonly number[];
  readonly onExceed: OnExceed;
  /** Whether answers carry what is left in a header. */
  readonly tellsAgent: boolean;
  /** HTTP status of its refusals on every wire; absent: each wire's own. */
  readonly status?: 402 | undefined;
}

export interface ScopeFilter {
  readonly scope: Scope;
  readonly values: readonly string[];
}

/** An amount to set aside in one instance of a budget, in its present window. */
export interface Hold {
  readonly budget: Budget;
  /**
   * `tenant|budget|instance|turn` in one string; two exchanges that share money share this. Parts
   * are escaped: a key is cut at `|` without mistake.
   */
  readonly key: string;
  readonly amount: number;
  /** Keys of earlier slices: what they have spent and hold counts against the limit as well. */
  readonly trailing: readonly string[];
  /** When the window ends; undefined for rolling, session and lifetime. */
  readonly resetsAt: Instant | undefined;
  /** The store may forget the balance from then on, if nothing is held on it; undefined: never. */
  readonly keepUntil: Instant | undefined;
}

/** Money set aside for one exchange: spend once settled, nothing once voided. */
export type Reservation =
  | { readonly kind: "held"; readonly attempt: AttemptId; readonly holds: readonly Hold[] }
  | { readonly kind: "unmetered" };

/** `used`: spent and held of each hold's budget instance, this hold included, in the same order. */
export type ReserveReply =
  | { readonly kind: "held"; readonly used: readonly number[] }
  | { readonly kind: "exhausted"; readonly hold: Hold; readonly left: number }
  | { readonly kind: "unreachable"; readonly cause: Error };

export type ResizeReply =
  | ReserveReply
  /** Nothing is held any more: settled, or the lease ended and the hold became spend. */
  | { readonly kind: "gone" };

/** What was really used of a hold. */
export interface Settlement {
  readonly key: string;
  readonly amount: number;
  /** As the hold has it; only the reply's sums depend on it. */
  readonly trailing: readonly string[];
}

export type SettleReply =
  | { readonly kind: "settled"; readonly changes: readonly SpendChange[] }
  | { readonly kind: "unreachable" };

/** Spend of one budget instance, trailing slices included, around one settlement. */
export interface SpendChange {
  readonly key: string;
  readonly before: number;
  readonly after: number;
}

export interface BudgetBalance {
  readonly key: string;
  readonly spent: number;
  readonly held: number;
}

export interface LiveHold {
  readonly attempt: AttemptId;
  readonly amount: number;
  readonly expiresAt: Instant;
}

/** An operator's correction of one balance. */
export interface Assignment {
  readonly key: string;
  readonly spent: number;
  readonly keepUntil: Instant | undefined;
}

export type AssignReply =
  /** What was spent before, in the order asked. */
  | { readonly kind: "assigned"; readonly before: readonly number[] }
  | { readonly kind: "unreachable"; readonly cause: Error };

/** Which balances of one budget to list: a page of keys in ascending order. */
export interface BalancePage {
  /** `tenant|budget|`. */
  readonly prefix: string;
  /** The last key of the page before. */
  readonly after: string | undefined;
  readonly max: number;
}

/**
 * Never rejects: an adapter turns failures into `unreachable`, or into nothing for what is only
 * shown. Amounts are integers in the unit of their budget. All keys of one call have one tenant.
 */
export interface BudgetStore {
  /**
   * Sets every amount aside or none: an amount fits when it, the balance and the trailing balances
   * stay within the limit. Repeating an `attempt` repeats its first reply. A hold whose lease ends
   * unsettled becomes spend.
   */
  reserve(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ReserveReply>;
  /**
   * Gives live holds of the attempt new amounts, all or none, and all of its holds a new lease.
   * Less always fits, also in debt; more must fit as in `reserve`. Holds not named stay as they
   * are, keys never held are ignored.
   */
  resize(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ResizeReply>;
  /**
   * Replaces the attempt's holds by real spend, also above the hold (debt). Idempotent by attempt:
   * a repeat changes nothing. A settle after the lease ended corrects the spend. A hold that no
   * settlement names becomes spend as it is; empty settlements give all holds back.
   */
  settle(attempt: AttemptId, settlements: readonly Settlement[]): Promise<SettleReply>;
  /** Zero for what is not known; empty when the store cannot be read. */
  balances(keys: readonly string[]): Promise<readonly BudgetBalance[]>;
  /** Undefined when the store cannot be read. */
  list(page: BalancePage): Promise<readonly BudgetBalance[] | undefined>;
  /** Live holds on one balance, at most `max`. */
  holdsOn(key: string, max: number): Promise<readonly LiveHold[]>;
  /** Writes what counts as spent, all or none; what is held stays. */
  assign(assignments: readonly Assignment[]): Promise<AssignReply>;
}
