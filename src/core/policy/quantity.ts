/** Quantities as policy files write them: `10 USD`, `15m`. */
import type { BudgetUnit } from "../money/budget.ts";
import { millis, NANO_USD_MAX, type Millis } from "../units.ts";
import { closest } from "../../lib/closest.ts";
import { parseDecimal, parseExactDecimal } from "../money/decimal.ts";

/** Decimal places of the integer that a budget counts in. */
const UNIT_PLACES = {
  nano_usd: 9,
  tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  calls: 0,
} as const satisfies Record<BudgetUnit, number>;

/** The decimal text as an integer of the unit, rounded up; undefined where it is no such number. */
export function toUnits(text: string, unit: BudgetUnit): bigint | undefined {
  return parseDecimal(text, UNIT_PLACES[unit]);
}

/** As `toUnits`, but undefined for what the unit cannot count exactly: half a call, 10⁻¹⁰ USD. */
export function toExactUnits(text: string, unit: BudgetUnit): bigint | undefined {
  return parseExactDecimal(text, UNIT_PLACES[unit]);
}

export type Quantity<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "wrong"; readonly message: string; readonly suggestion: string };

const UNITS: Readonly<Record<string, BudgetUnit>> = {
  USD: "nano_usd",
  tokens: "tokens",
  input_tokens: "input_tokens",
  output_tokens: "output_tokens",
  calls: "calls",
};

const AMOUNT_HELP = "write an amount and its unit: 10 USD, 2000000 tokens or 50 calls";

export function parseAmount(
  text: string,
): Quantity<{ readonly unit: BudgetUnit; readonly limit: number }> {
  const [number = "", word = "", ...rest] = text.trim().split(/ +/);
  const unit = Object.hasOwn(UNITS, word) ? UNITS[word] : undefined;
  const rounded = toUnits(number, unit ?? "nano_usd");
  if (rounded === undefined || word === "" || rest.length > 0) {
    return { kind: "wrong", message: `${text} is not an amount`, suggestion: AMOUNT_HELP };
  }
  if (unit === undefined) return unknownUnit(word);
  const limit = toExactUnits(number, unit);
  if (limit !== undefined && limit <= NANO_USD_MAX) {
    return { kind: "ok", value: { unit, limit: Number(limit) } };
  }
  const message = `${text} cannot be counted exactly`;
  const most = unit === "nano_usd" ? "9007199 USD" : `${NANO_USD_MAX} ${word}`;
  const places = unit === "nano_usd" ? "at most nine decimals" : "no decimals";
  const suggestion = `write an amount from 0 to ${most}, with ${places}`;
  return { kind: "wrong", message, suggestion };
}

function unknownUnit(word: string): Quantity<never> {
  if (/^[A-Z]{3}$/.test(word)) {
    const message = `${word} is not converted: money is counted in USD`;
    return { kind: "wrong", message, suggestion: "write the amount in USD" };
  }
  const near = closest(word, Object.keys(UNITS));
  const suggestion = near === undefined ? AMOUNT_HELP : `did you mean ${near}?`;
  return { kind: "wrong", message: `${word} is no unit`, suggestion };
}

const SECOND = 1000;
const DURATIONS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 86_400 * SECOND,
};

const DURATION = /^(\d{1,6})([smhd])$/;

export function parseDuration(text: string): Quantity<Millis> {
  const [, count, unit = ""] = DURATION.exec(text) ?? [];
  const factor = DURATIONS[unit];
  if (count === undefined || factor === undefined || Number(count) === 0) {
    const suggestion = "write a number and s, m, h or d: 90s, 15m, 24h, 7d";
    return { kind: "wrong", message: `${text} is not a duration`, suggestion };
  }
  return { kind: "ok", value: millis(Number(count) * factor) };
}
