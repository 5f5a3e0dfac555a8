/** Part of stage 7: what a call may cost at most, and the output cap that keeps it there. */
import type { BudgetUnit } from "../core/money/budget.ts";
import type { Amounts, HoldLine } from "../core/money/holds.ts";
import type { ModelPrice } from "../core/money/price.ts";
import type { MeteredAgreement } from "../core/money/settle.ts";
import { boundsOf, PROVIDER_TOOL_CALLS_DEFAULT } from "../core/money/worst-case.ts";
import type { Instant } from "../core/units.ts";
import { impossible } from "../lib/impossible.ts";
import type { Metering } from "./ask.ts";

/** A clamped answer shorter than this serves nobody; some APIs refuse a smaller cap. */
const CLAMPED_TOKENS_MIN = 16;
/** Halvings that find a cap among TOKENS_MAX. */
const HALVINGS_MAX = 32;

export function agree(
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
    tier: metering.demand.tier,
    surcharge: metering.demand.surcharge,
    inputTokens,
    outputTokens,
    toolCalls,
    held: price.worstCase(inputTokens, outputTokens, toolCalls),
  };
}

const ONE_CALL: Amounts = { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 1 };

export function amountsOf(metered: MeteredAgreement | undefined): Amounts {
  if (metered === undefined) return ONE_CALL;
  const { held, inputTokens, outputTokens } = metered;
  return { nanoUsd: held, inputTokens, outputTokens, calls: 1 };
}

/** A client that asked for less than anyone else keeps its request byte for byte. */
export function capToSend(
  metering: Metering | undefined,
  price: ModelPrice | undefined,
  policyCap: number | undefined,
): number | undefined {
  if (metering === undefined || metering.bills !== "input_and_output") return undefined;
  const own = ownCap(metering);
  if (own === undefined) return smallest(policyCap, price?.outputTokensMax);
  return policyCap !== undefined && policyCap < own ? policyCap : undefined;
}

/**
 * The largest output cap, for each answer asked for, with which the call costs at most `left` of
 * the line's budget. Undefined where no cap that is worth sending does.
 */
export function affordableCap(
  line: HoldLine,
  left: number,
  metered: MeteredAgreement,
  choices: number,
): number | undefined {
  const room = left - line.fixed;
  if (room < 0 || line.metered === undefined) return undefined;
  const tokens = outputTokensFor(line.hold.budget.unit, room, metered);
  const cap = Math.floor(tokens / Math.max(choices, 1));
  return cap >= CLAMPED_TOKENS_MIN ? cap : undefined;
}

function outputTokensFor(unit: BudgetUnit, room: number, metered: MeteredAgreement): number {
  switch (unit) {
    case "nano_usd":
      return outputTokensForMoney(room, metered);
    case "tokens":
      return room - metered.inputTokens;
    case "output_tokens":
      return room;
    case "input_tokens":
    case "calls":
      return 0;
    default:
      return impossible(unit);
  }
}

/** Prices have tiers, so the largest count that fits is searched for, not divided out. */
function outputTokensForMoney(room: number, metered: MeteredAgreement): number {
  const { price, inputTokens, outputTokens, toolCalls } = metered;
  let least = 0;
  let most = outputTokens;
  if (price.worstCase(inputTokens, 0, toolCalls) > room) return 0;
  for (let i = 0; i < HALVINGS_MAX && least < most; i += 1) {
    const middle = Math.ceil((least + most) / 2);
    if (price.worstCase(inputTokens, middle, toolCalls) <= room) least = middle;
    else most = middle - 1;
  }
  return least;
}

/** Most servers take zero and negative caps for "no cap"; where zero is one, `zeroIsCap` says so. */
function ownCap({ outputTokens, zeroIsCap }: Metering): number | undefined {
  const least = zeroIsCap ? 0 : 1;
  return outputTokens !== undefined && outputTokens >= least ? outputTokens : undefined;
}

export function toolCallsToSend(metering: Metering | undefined): number | undefined {
  if (metering === undefined) return undefined;
  const { tools, toolCallsMax } = metering.demand;
  return tools.length > 0 && toolCallsMax === undefined ? PROVIDER_TOOL_CALLS_DEFAULT : undefined;
}

export function smallest(...caps: readonly (number | undefined)[]): number | undefined {
  let least: number | undefined;
  for (const cap of caps)
    if (cap !== undefined && (least === undefined || cap < least)) least = cap;
  return least;
}
