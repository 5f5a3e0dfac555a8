import type { Facts } from "../evidence.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "../own-server.ts";
import { nanoUsd, NANO_USD_MAX, type NanoUsd } from "../units.ts";
import { parseDecimal } from "./decimal.ts";

const NANO_DIGITS = 9;
const NOTHING = nanoUsd(0);

/**
 * What an agent was authorized to spend outside the gate, in the call's own words; nothing for
 * every other call, and for currencies that nobody converts.
 */
export function authorizedSpend({ action, outcome }: Pick<Facts, "action" | "outcome">): NanoUsd {
  if (action?.kind !== "tool" || outcome?.kind !== "completed") return NOTHING;
  const { upstream, tool, args } = action;
  if (upstream !== OWN_SERVER || tool !== AUTHORIZE_SPEND || args["currency"] !== "USD") {
    return NOTHING;
  }
  const { amount } = args;
  const units = typeof amount === "number" ? parseDecimal(String(amount), NANO_DIGITS) : undefined;
  return units === undefined || units > BigInt(NANO_USD_MAX) ? NOTHING : nanoUsd(Number(units));
}
