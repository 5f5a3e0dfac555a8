import type { BudgetUnit } from "./budget.ts";
import { impossible } from "../../lib/impossible.ts";

const NANO_DIGITS = 9;
const CENT_DIGITS = 2;

/** Exact: `0.000000001 USD`, `10 USD`, `2.50 USD`. Takes integer nano-USD. */
export function formatUsd(nano: number): string {
  const digits = String(nano).padStart(NANO_DIGITS + 1, "0");
  const fraction = digits.slice(-NANO_DIGITS).replace(/0+$/, "");
  const whole = digits.slice(0, -NANO_DIGITS);
  return fraction === "" ? `${whole} USD` : `${whole}.${fraction.padEnd(CENT_DIGITS, "0")} USD`;
}

/** An amount in the words of its unit. */
export function formatAmount(unit: BudgetUnit, amount: number): string {
  switch (unit) {
    case "nano_usd":
      return formatUsd(amount);
    case "tokens":
      return `${amount} tokens`;
    case "input_tokens":
      return `${amount} input tokens`;
    case "output_tokens":
      return `${amount} output tokens`;
    case "calls":
      return amount === 1 ? "1 call" : `${amount} calls`;
    default:
      return impossible(unit);
  }
}
