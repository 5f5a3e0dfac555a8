import { parseDecimal } from "./decimal.ts";
import { nanoUsd, type NanoUsd } from "../units.ts";

const NANO_DIGITS = 9;

/** Integer nano-USD as dollars, every digit: `0.000450000`. */
export function usdText(nanoUsd: number): string {
  const digits = String(nanoUsd).padStart(NANO_DIGITS + 1, "0");
  return `${digits.slice(0, -NANO_DIGITS)}.${digits.slice(-NANO_DIGITS)}`;
}

/** The way back, also of `25` and `0.5`. Throws RangeError for what is no exact amount. */
export function nanoUsdOf(text: string): NanoUsd {
  const amount = parseDecimal(text, NANO_DIGITS);
  if (amount === undefined) throw new RangeError(`not an amount in USD: ${text}`);
  return nanoUsd(Number(amount));
}
