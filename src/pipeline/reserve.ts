/**
 * Stage 7 of 11. Prices the worst case, takes the rules' limits and sets the money aside over every
 * budget that applies, before a byte goes upstream; `close.ts` settles with what was really used.
 */
import type { Action } from "../core/action.ts";
import type { Terms } from "../core/decision.ts";
import type { Hold, Reservation } from "../core/money/budget.ts";
import { holdsFor, type HoldLine } from "../core/money/holds.ts";
import type { ModelPrice, PriceCatalogue } from "../core/money/price.ts";
import type { RateStanding } from "../core/money/rate.ts";
import type { Agreement } from "../core/money/settle.ts";
import { withSurcharge } from "../core/money/surcharge.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import { attemptId, millis, type BudgetId, type ExchangeId, type Instant } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { impossible } from "../lib/impossible.ts";
import type { Metering } from "./ask.ts";
import {
  budgetExceeded,
  budgetUnavailable,
  priceUnknown,
  toolUnpriced,
} from "./budget-refusals.ts";
import type { Ports } from "./stages.ts";
import { throttle, type Throttled } from "./throttle.ts";
import {
  affordableCap,
  agree,
  amountsOf,
  capToSend,
  smallest,
  toolCallsToSend,
} from "./call-bounds.ts";

/** Longer than an upstream may usually take; a settle that comes later still corrects the spend. */
export const RESERVATION_LEASE = millis(660_000);
/** Others may take what is left between two tries; after so many the call is refused. */
export const ATTEMPTS_MAX = 4;

export interface ReserveInput {
  readonly exchange: ExchangeId;
  readonly now: Instant;
  readonly principal: Principal;
  readonly action: Action;
  readonly terms: Terms;
  readonly metering: Metering | undefined;
  /** Attempts that the exchange has made before, with another model. */
  readonly attempts: number;
}

export interface Reserved {
  readonly reservation: Reservation;
  /** Cap to write into the request; undefined where the client's own is already the smallest. */
  readonly outputTokens: number | undefined;
  /** Bound to write for calls of provider tools; undefined where the client set one or has none. */
  readonly toolCalls: number | undefined;
  /** The budget that lowered the cap, and to what. */
  readonly clamped: Clamp | undefined;
  /** How the limits stand that the call was counted by. */
  readonly standings: readonly RateStanding[];
  /** How the budgets stand that the agent is told of. */
  readonly budgets: readonly BudgetStanding[];
  /** For `settlementsOf` when the exchange closes. */
  readonly agreement: Agreement;
}

export interface Clamp {
  readonly budget: BudgetId;
  readonly outputTokens: number;
}

export interface BudgetStanding {
  readonly hold: Hold;
  /** What other calls may still use: the hold is taken off already. */
  readonly left: number;
}

export type ReserveVerdict =
  | Verdict<Reserved>
  /** The budget wants another model asked; `refusal` stands if that cannot be. */
  | {
      readonly kind: "downgrade";
      readonly budget: BudgetId;
      readonly model: string;
      readonly refusal: Refusal;
    };

/** Synchronous where no budget applies and the limits are kept in memory. */
export function reserve(
  input: ReserveInput,
  ports: Pick<Ports, "prices" | "budgets" | "rates" | "observer">,
): ReserveVerdict | Promise<ReserveVerdict> {
  const { now, terms, metering } = input;
  const billed = metering === undefined || metering.bills === "nothing" ? undefined : metering;
  const price = billed && priceOf(billed, now, ports.prices);
  if (billed !== undefined && price === undefined) return halt(priceUnknown(billed));
  const isCharged = terms.charges.some(({ kind }) => kind === "metered");
  const tool = isCharged ? billed?.demand.tools.find((one) => !price?.covers(one)) : undefined;
  if (tool !== undefined && billed !== undefined) return halt(toolUnpriced(tool, billed));

  const toolCalls = isCharged ? toolCallsToSend(billed) : undefined;
  const plan = planFor(input, price, toolCalls, undefined);
  const throttled = throttle(input, amountsOf(plan.agreement.metered), ports.rates);
  return throttled instanceof Promise
    ? throttled.then((late) => setAside(input, plan, late, ports))
    : setAside(input, plan, throttled, ports);
}

function setAside(
  input: ReserveInput,
  plan: Plan,
  throttled: Throttled,
  ports: Pick<Ports, "budgets" | "observer">,
): ReserveVerdict | Promise<ReserveVerdict> {
  if (throttled.kind === "halt") return throttled;
  const { agreement, price, toolCalls } = plan;
  if (agreement.lines.length > 0) return hold(input, plan, throttled.value, ports);
  return pass({
    reservation: { kind: "unmetered" },
    outputTokens: capToSend(input.metering, price, input.terms.outputTokens),
    toolCalls,
    clamped: undefined,
    standings: throttled.value,
    budgets: NO_STANDINGS,
    agreement,
  });
}

function priceOf(
  { provider, model, demand }: Metering,
  now: Instant,
  prices: PriceCatalogue,
): ModelPrice | undefined {
  const price = prices.price(provider, model, now, demand.tier);
  return price && withSurcharge(price, demand.surcharge);
}

const NO_STANDINGS: readonly BudgetStanding[] = [];

/** One way to make the call: with its worst case and the cap that bounds it. */
interface Plan {
  readonly agreement: Agreement;
  readonly price: ModelPrice | undefined;
  readonly toolCalls: number | undefined;
  readonly clamped: Clamp | undefined;
}

function planFor(
  { now, principal, action, terms, metering }: ReserveInput,
  price: ModelPrice | undefined,
  toolCalls: number | undefined,
  clamped: Clamp | undefined,
): Plan {
  const cap = smallest(terms.outputTokens, clamped?.outputTokens);
  const metered = price && metering && agree(metering, price, cap, now);
  const lines = holdsFor(terms.charges, principal, action, now, amountsOf(metered));
  return { agreement: { lines, metered }, price, toolCalls, clamped };
}

/** Tries until it fits, clamping where the budget that refuses says so. */
async function hold(
  input: ReserveInput,
  first: Plan,
  standings: readonly RateStanding[],
  { budgets, observer }: Pick<Ports, "budgets" | "observer">,
): Promise<ReserveVerdict> {
  let plan = first;
  let refusal: Refusal | undefined;
  for (let n = 1; n <= ATTEMPTS_MAX; n += 1) {
    const attempt = attemptId(input.exchange, input.attempts + n);
    const holds = plan.agreement.lines.map((line) => line.hold);
    const reply = await budgets.reserve(attempt, holds, RESERVATION_LEASE);
    switch (reply.kind) {
      case "held": {
        const reservation: Reservation = { kind: "held", attempt, holds };
        return pass(reserved(input, plan, reservation, { standings, used: reply.used }));
      }
      case "unreachable":
        return halt(budgetUnavailable(reply.cause));
      case "exhausted": {
        refusal = budgetExceeded(reply.hold, reply.left);
        // Of a mere rate nobody is told.
        if (refusal.code === "budget_exceeded") observer.budgetExhausted(reply.hold, reply.left);
        const { id: budget, onExceed } = reply.hold.budget;
        if (onExceed.kind === "downgrade") {
          return { kind: "downgrade", budget, model: onExceed.model, refusal };
        }
        const lower = onExceed.kind === "clamp" ? clamp(input, plan, reply) : undefined;
        if (lower === undefined) return halt(refusal);
        plan = lower;
        break;
      }
      default:
        return impossible(reply);
    }
  }
  return halt(refusal ?? budgetUnavailable(new Error("no attempt was made")));
}

function clamp(
  input: ReserveInput,
  { agreement, price, toolCalls }: Plan,
  refused: { readonly hold: Hold; readonly left: number },
): Plan | undefined {
  const { metering } = input;
  const { metered } = agreement;
  if (metering?.bills !== "input_and_output" || metered === undefined) return undefined;
  const line = agreement.lines.find((one: HoldLine) => one.hold.key === refused.hold.key);
  const cap = line && affordableCap(line, refused.left, metered, metering.choices);
  if (cap === undefined) return undefined;
  const clamped = { budget: refused.hold.budget.id, outputTokens: cap };
  return planFor(input, price, toolCalls, clamped);
}

function reserved(
  { metering, terms }: ReserveInput,
  { agreement, price, toolCalls, clamped }: Plan,
  reservation: Reservation,
  told: { readonly standings: readonly RateStanding[]; readonly used: readonly number[] },
): Reserved {
  const cap = smallest(terms.outputTokens, clamped?.outputTokens);
  return {
    reservation,
    outputTokens: capToSend(metering, price, cap),
    toolCalls,
    clamped,
    standings: told.standings,
    budgets: standingsOf(agreement.lines, told.used),
    agreement,
  };
}

function standingsOf(
  lines: readonly HoldLine[],
  used: readonly number[],
): readonly BudgetStanding[] {
  if (!lines.some((line) => line.hold.budget.tellsAgent)) return NO_STANDINGS;
  return lines.flatMap((line, i) => {
    if (!line.hold.budget.tellsAgent) return [];
    return { hold: line.hold, left: Math.max(line.hold.budget.limit - (used[i] ?? 0), 0) };
  });
}
