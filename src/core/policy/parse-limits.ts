/** `limits:` of a rule: how much at a time, for whom. */
import { impossible } from "../../lib/impossible.ts";
import type { RateLimit } from "../decision.ts";
import type { BudgetUnit } from "../money/budget.ts";
import { millis, NANO_USD_MAX, type Millis } from "../units.ts";
import { itemsOf, numberOf, placeOf, type Parsing } from "./parse-clause.ts";
import type { LimitClause } from "./policy-file.ts";
import { toExactUnits, type Quantity } from "./quantity.ts";
import { SCOPES, scopeOf } from "./scope-word.ts";
import { textOf, valueOf, type YamlMap, type YamlNode } from "./yaml-node.ts";

const KEYS = ["requests", "tokens", "spend", "concurrent"] as const;
type Key = (typeof KEYS)[number];

const EXAMPLES = {
  requests: "60/min, 5/s or 1000/h per team",
  tokens: "200000/min or 2000000/day per team",
  spend: "2 USD/min or 50 USD/day per team",
  concurrent: "4 or 20 per team",
} as const satisfies Record<Key, string>;

/** Everything of `limits` that is taken and given back; `output_tokens` is a plain bound. */
export function parseLimits(limits: YamlMap, parsing: Parsing): readonly LimitClause[] {
  const clauses: LimitClause[] = [];
  for (const key of KEYS) {
    const node = valueOf(limits, key);
    if (node === undefined) continue;
    for (const item of node.kind === "list" ? itemsOf(node) : [node]) {
      const clause = limitOf(key, item, parsing);
      if (clause === undefined) continue;
      if (clauses.some((other) => isSame(other, clause))) {
        const message = `${key} limits the same calls in the same time twice`;
        parsing.list.report(clause.place, message, "keep the smaller one");
      }
      clauses.push(clause);
    }
  }
  return clauses;
}

function isSame(one: LimitClause, other: LimitClause): boolean {
  if (one.kind !== other.kind || one.scope !== other.scope) return false;
  if (one.kind === "places" || other.kind === "places") return true;
  return one.counts === other.counts && one.per === other.per;
}

function limitOf(key: Key, node: YamlNode, parsing: Parsing): LimitClause | undefined {
  const text = key === "concurrent" ? (textOf(node) ?? countOf(node)) : textOf(node);
  if (text === undefined) return undefined;
  const place = placeOf(node, parsing);
  const limit = parseLimit(key, text.trim());
  if (limit.kind === "ok") return { ...limit.value, place };
  parsing.list.report(place, limit.message, limit.suggestion);
  return undefined;
}

/** A plain number; the shape check has reported one below 1. */
function countOf(node: YamlNode): string | undefined {
  const count = numberOf(node);
  return count !== undefined && count >= 1 ? String(count) : undefined;
}

type Limit =
  | Omit<Extract<RateLimit, { kind: "rate" }>, "rule">
  | Omit<Extract<RateLimit, { kind: "places" }>, "rule">;

function parseLimit(key: Key, text: string): Quantity<Limit> {
  const [amount = "", scopeText = "agent", ...rest] = text.split(/ per /);
  const word = scopeText.trim();
  const scope = word === "all" ? word : scopeOf(word);
  if (scope === undefined || rest.length > 0) {
    const message = `${text} names no scope after "per"`;
    return {
      kind: "wrong",
      message,
      suggestion: `write one of all, ${SCOPES.join(", ")} or tag.<name>`,
    };
  }
  const wrong = (): Quantity<Limit> => {
    const noun = key === "concurrent" ? "number of calls" : "rate";
    const message = `${text} is not a ${noun}`;
    return { kind: "wrong", message, suggestion: `write ${EXAMPLES[key]}` };
  };
  if (key === "concurrent") {
    const allowance = allowanceOf(amount, "calls");
    return allowance === undefined
      ? wrong()
      : { kind: "ok", value: { kind: "places", allowance, scope } };
  }
  const rate = rateOf(key, amount);
  return rate === undefined ? wrong() : { kind: "ok", value: { kind: "rate", ...rate, scope } };
}

const RATE = /^([0-9.]{1,20})( USD)? ?\/ ?([a-z]{1,6})$/;

function rateOf(key: Exclude<Key, "concurrent">, text: string) {
  const [, number = "", currency, unit = ""] = RATE.exec(text) ?? [];
  const per = Object.hasOwn(INTERVALS, unit) ? INTERVALS[unit] : undefined;
  if (per === undefined || (currency !== undefined) !== (key === "spend")) return undefined;
  const counts = countedBy(key);
  const allowance = allowanceOf(number, counts === "requests" ? "calls" : counts);
  return allowance === undefined ? undefined : { counts, allowance, per };
}

function countedBy(
  key: Exclude<Key, "concurrent">,
): Extract<RateLimit, { kind: "rate" }>["counts"] {
  switch (key) {
    case "requests":
    case "tokens":
      return key;
    case "spend":
      return "nano_usd";
    default:
      return impossible(key);
  }
}

/** At least one, and exact. */
function allowanceOf(text: string, unit: BudgetUnit): number | undefined {
  if (unit !== "nano_usd" && text.includes(".")) return undefined;
  const units = toExactUnits(text.trim(), unit);
  return units === undefined || units < 1n || units > BigInt(NANO_USD_MAX)
    ? undefined
    : Number(units);
}

const SECOND = 1000;
const INTERVALS: Readonly<Record<string, Millis>> = {
  s: millis(SECOND),
  sec: millis(SECOND),
  second: millis(SECOND),
  m: millis(60 * SECOND),
  min: millis(60 * SECOND),
  minute: millis(60 * SECOND),
  h: millis(3600 * SECOND),
  hour: millis(3600 * SECOND),
  d: millis(86_400 * SECOND),
  day: millis(86_400 * SECOND),
};
