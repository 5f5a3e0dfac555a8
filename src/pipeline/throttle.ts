/**
 * Part of stage 7: takes the limits of the rules that allowed the call, all or none, before money is
 * set aside. `close.ts` gives back what was not used.
 */
import { impossible } from "../lib/impossible.ts";
import type { Action } from "../core/action.ts";
import type { RateLimit, Terms } from "../core/decision.ts";
import { claimsFor, namedSpend } from "../core/money/claims.ts";
import type { Amounts } from "../core/money/holds.ts";
import type { RateStanding, RateStore, TakeReply } from "../core/money/rate.ts";
import { formatAmount } from "../core/money/usd.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import { millis, type ExchangeId, type Millis } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";

const RETRY_MS_MIN = 1000;

export interface ThrottleInput {
  readonly exchange: ExchangeId;
  readonly principal: Principal;
  readonly action: Action;
  readonly terms: Terms;
}

/** How the limits stand, for the answer's head. */
export type Throttled = Verdict<readonly RateStanding[]>;

const UNLIMITED: Throttled = pass([]);

/** Synchronous where the store is: most calls have no limit, or one kept in memory. */
export function throttle(
  { exchange, principal, action, terms }: ThrottleInput,
  amounts: Amounts,
  rates: RateStore,
): Throttled | Promise<Throttled> {
  if (terms.rates.length === 0) return UNLIMITED;
  const named = namedSpend(terms.charges);
  const counted = named === 0 ? amounts : { ...amounts, nanoUsd: amounts.nanoUsd + named };
  const claims = claimsFor(terms.rates, principal, action, counted);
  if (claims.length === 0) return UNLIMITED;
  const reply = rates.take(exchange, claims);
  return reply instanceof Promise ? reply.then(verdictOf) : verdictOf(reply);
}

function verdictOf(reply: TakeReply): Throttled {
  switch (reply.kind) {
    case "taken":
      return pass(reply.standings);
    case "empty":
      return halt(rateLimited(reply.claim.limit, reply.retryIn, reply.standings));
    case "unreachable":
      return halt({
        code: "limit_unavailable",
        detail: "Rate limits cannot be checked now, so nothing that they bound may go out.",
        remedy: "Try again shortly; if it stays like this, the operator must look at the store.",
        cause: reply.cause,
      });
    default:
      return impossible(reply);
  }
}

function rateLimited(
  limit: RateLimit,
  retryIn: Millis,
  standings: readonly RateStanding[],
): Refusal {
  const wait = millis(Math.max(retryIn, RETRY_MS_MIN));
  const scope = limit.scope === "all" ? "" : ` per ${limit.scope}`;
  return {
    code: "rate_limited",
    detail: `Rule ${limit.rule} allows ${allowanceText(limit)}${scope}.`,
    remedy:
      limit.kind === "places"
        ? "Wait until one of the running calls has ended, then send the same call again."
        : `Wait ${Math.ceil(wait / 1000)} s, then send the same call again.`,
    rules: [limit.rule],
    retryIn: wait,
    standings,
  };
}

/** As a person would say it; also what `sallyport policy explain` prints. */
export function allowanceText(limit: RateLimit): string {
  if (limit.kind === "places") return `${formatAmount("calls", limit.allowance)} at the same time`;
  const interval = `in ${limit.per / 1000} s`;
  switch (limit.counts) {
    case "requests":
      return `${formatAmount("calls", limit.allowance)} ${interval}`;
    case "tokens":
    case "nano_usd":
      return `${formatAmount(limit.counts, limit.allowance)} ${interval}`;
    default:
      return impossible(limit.counts);
  }
}
