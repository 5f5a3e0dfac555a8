/**
 * Stage 7 of 11. Prices the worst case, takes the rules' limits and sets the money aside over every
 * budget that applies, before a byte goes upstream; `close.ts` settles with what was really used.
 */
import type { Action } from "../core/action.ts";
import type { Terms } from "../core/decision.ts";
import type { Hold, Reservation } from "../core/money/budget.ts";
import { holdsFor, type Amounts } from "../core/money/holds.ts";
import type { RateStanding } from "../core/money/rate.ts";
import type { ProviderTool } from "../core/money/demand.ts";
import type { ModelPrice } from "../core/money/price.ts";
import type { ServiceTier } from "../core/money/service-tier.ts";
import type { Agreement, MeteredAgreement } from "../core/money/settle.ts";
import { formatAmount } from "../core/money/usd.ts";
import { boundsOf, PROVIDER_TOOL_CALLS_DEFAULT } from "../core/money/worst-case.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import { attemptId, millis, type ExchangeId, type Instant } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { impossible } from "../lib/impossible.ts";
import type { Metering } from "./ask.ts";
import type { Ports } from "./stages.ts";
import { throttle } from "./throttle.ts";

/** Longer than an upstream may usually take; a settle that comes later still corrects the spend. */
export const RESERVATION_LEASE = millis(660_000);

export interface ReserveInput {
  readonly exchange: ExchangeId;
  readonly now: Instant;
  readonly principal: Principal;
  readonly action: Action;
  readonly terms: Terms;
  readonly metering: Metering | undefined;
}

export interface Reserved {
  readonly reservation: Reservation;
  /** Cap to write into the request; undefined where the client's own is already the smallest. */
  readonly outputTokens: number | undefined;
  /** How the limits stand that the call was counted by. */
  readonly standings: readonly RateStanding[];
  /** Bound to write for calls of provider tools; undefined where the client set one or has none. */
  readonly toolCalls: number | undefined;
  /** For `settlementsOf` when the exchange closes. */
  readonly agreement: Agreement;
}

export async function reserve(
  input: ReserveInput,
  ports: Pick<Ports, "prices" | "budgets" | "rates">,
): Promise<Verdict<Reserved>> {
  const { exchange, now, principal, action, terms, metering } = input;
  const billed = metering === undefined || metering.bills === "nothing" ? undefined : metering;
  const price = billed && ports.prices.price(billed.provider, billed.model, now, tierOf(billed));
  if (billed !== undefined && price === undefined) return halt(priceUnknown(billed));
  const isCharged = terms.charges.some(({ kind }) => kind === "metered");
  const tool = isCharged ? billed?.demand.tools.find((one) => !price?.covers(one)) : undefined;
  if (tool !== undefined && billed !== undefined) return halt(toolUnpriced(tool, billed));

  const metered = price && billed && agree(billed, price, terms.outputTokens, now);
  const amounts = amountsOf(metered);
  const throttled = await throttle(input, amounts, ports.rates);
  if (throttled.kind === "halt") return throttled;
  const standings = throttled.value;
  const lines = holdsFor(terms.charges, principal, action, now, amounts);
  const outputTokens = capToSend(metering, price, terms.outputTokens);
  const toolCalls = isCharged ? toolCallsToSend(billed) : undefined;
  const agreement: Agreement = { lines, metered };
  if (lines.length === 0) {
    const reservation = { kind: "unmetered" } as const;
    return pass({ reservation, outputTokens, toolCalls, standings, agreement });
  }

  const holds = lines.map((line) => line.hold);
  const attempt = attemptId(exchange, 1);
  const reply = await ports.budgets.reserve(attempt, holds, RESERVATION_LEASE);
  switch (reply.kind) {
    case "held":
      return pass({
        reservation: { kind: "held", attempt, holds },
        outputTokens,
        toolCalls,
        standings,
        agreement,
      });
    case "exhausted":
      return halt(budgetExceeded(reply.hold, reply.left));
    case "unreachable":
      return halt({
        code: "budget_unavailable",
        detail: "Budgets cannot be checked now, so nothing that costs may go out.",
        remedy: "Try again shortly; if it stays like this, the operator must look at the store.",
        cause: reply.cause,
      });
    default:
      return impossible(reply);
  }
}

function agree(
  metering: Metering,
  price: ModelPrice,
  policyCap: number | undefined,
  at: Instant,
): MeteredAgreement {
  const cap = smallest(ownCap(metering), policyCap, price.outputTokensMax);
  const { inputTokens, outputTokens, toolCalls } = boundsOf(
    metering,
    price,
    metering.bills === "input" ? 0 : cap,
  );
  return {
    provider: metering.provider,
    model: metering.model,
    at,
    price,
    tier: tierOf(metering),
    inputTokens,
    outputTokens,
    held: price.worstCase(inputTokens, outputTokens, toolCalls),
  };
}

function tierOf({ demand }: Metering): ServiceTier {
  return demand.tier;
}

const ONE_CALL: Amounts = { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 1 };

function amountsOf(metered: MeteredAgreement | undefined): Amounts {
  if (metered === undefined) return ONE_CALL;
  const { held, inputTokens, outputTokens } = metered;
  return { nanoUsd: held, inputTokens, outputTokens, calls: 1 };
}

/** A client that asked for less than anyone else keeps its request byte for byte. */
function capToSend(
  metering: Metering | undefined,
  price: ModelPrice | undefined,
  policyCap: number | undefined,
): number | undefined {
  if (metering === undefined || metering.bills !== "input_and_output") return undefined;
  const own = ownCap(metering);
  if (own === undefined) return smallest(policyCap, price?.outputTokensMax);
  return policyCap !== undefined && policyCap < own ? policyCap : undefined;
}

/** Most servers take zero and negative caps for "no cap"; where zero is one, `zeroIsCap` says so. */
function ownCap({ outputTokens, zeroIsCap }: Metering): number | undefined {
  const least = zeroIsCap ? 0 : 1;
  return outputTokens !== undefined && outputTokens >= least ? outputTokens : undefined;
}

function toolCallsToSend(metering: Metering | undefined): number | undefined {
  if (metering === undefined) return undefined;
  const { tools, toolCallsMax } = metering.demand;
  return tools.length > 0 && toolCallsMax === undefined ? PROVIDER_TOOL_CALLS_DEFAULT : undefined;
}

function smallest(...caps: readonly (number | undefined)[]): number | undefined {
  let least: number | undefined;
  for (const cap of caps)
    if (cap !== undefined && (least === undefined || cap < least)) least = cap;
  return least;
}

function priceUnknown(metering: Metering): Refusal {
  const tier = tierOf(metering);
  const list = tier === "standard" ? "" : ` in its ${tier} tier`;
  return {
    code: "price_unknown",
    detail: `Nobody knows what model "${metering.model}" of ${metering.provider} costs${list}.`,
    remedy:
      "Use a model with a known price, or ask the operator to set one under prices.overrides " +
      "or prices.unpriced.",
  };
}

function toolUnpriced(tool: ProviderTool, { provider, model }: Metering): Refusal {
  return {
    code: "price_unknown",
    detail:
      `The request switches on a tool that ${provider} runs and bills by itself (${tool}), and ` +
      `nobody knows what a call of it costs with model "${model}".`,
    remedy:
      "Leave the tool out, or ask the operator to price it: web_search_usd, file_search_usd or " +
      "tool_call_usd under prices.overrides.",
  };
}

function budgetExceeded(hold: Hold, left: number): Refusal {
  const { budget, amount, resetsAt } = hold;
  const limit = formatAmount(budget.unit, budget.limit);
  const scope = budget.per.length === 0 ? "" : ` per ${budget.per.join(" and ")}`;
  const reset =
    resetsAt === undefined
      ? "It does not reset by itself"
      : `It resets at ${new Date(resetsAt).toISOString()}`;
  return {
    code: "budget_exceeded",
    detail:
      `Budget ${budget.id} (${limit}${scope}) has ${formatAmount(budget.unit, left)} left; ` +
      `this call may need ${formatAmount(budget.unit, amount)}. ${reset}.`,
    remedy:
      left > 0
        ? "Ask for less, such as fewer output tokens, or ask the operator for a higher limit."
        : "Stop here, or ask the operator for a higher limit.",
  };
}
