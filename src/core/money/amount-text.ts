/** Amounts of a budget as wires and reports write them: exact decimals, the unit beside them. */
import { NANO_USD_MAX } from "../units.ts";
import type { BudgetUnit } from "./budget.ts";
import { parseExactDecimal } from "./decimal.ts";
import { usdText } from "./usd-text.ts";

const NANO_DIGITS = 9;

export type UnitName = "USD" | Exclude<BudgetUnit, "nano_usd">;

export function unitName(unit: BudgetUnit): UnitName {
  return unit === "nano_usd" ? "USD" : unit;
}

export function amountText(unit: BudgetUnit, amount: number): string {
  return unit === "nano_usd" ? usdText(amount) : String(amount);
}

/** The way back; undefined for what cannot be counted exactly in the unit. */
export function unitsOf(unit: BudgetUnit, text: string): number | undefined {
  if (unit !== "nano_usd" && !/^\d+$/.test(text)) return undefined;
  const units = parseExactDecimal(text, unit === "nano_usd" ? NANO_DIGITS : 0);
  return units === undefined || units > BigInt(NANO_USD_MAX) ? undefined : Number(units);
}
