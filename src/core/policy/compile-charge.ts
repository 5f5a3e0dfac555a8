/**
 * Links the `charge:` of a rule to its budget: at load, so that no unit or path is wrong at run
 * time.
 */
import type { Action } from "../action.ts";
import type { Budget } from "../money/budget.ts";
import { sourcePath, type RuleCharge } from "./charge.ts";
import type { Path } from "./json-path.ts";
import type { ChargeClause } from "./policy-file.ts";
import { toExactUnits } from "./quantity.ts";
import type { Place, ProblemList } from "./source-text.ts";

/** Where budgets are found and problems go. */
interface Linking {
  readonly list: ProblemList;
  budget(name: string, place: Place): Budget | undefined;
}

export function compileCharge(
  clause: ChargeClause,
  kind: Action["kind"],
  linking: Linking,
): RuleCharge | undefined {
  const budget = linking.budget(clause.budget, clause.place);
  if (budget === undefined) return undefined;
  const { amount } = clause;
  switch (amount.kind) {
    case "metered":
      return metered(clause, budget, kind, linking);
    case "fixed": {
      const units = toExactUnits(amount.text, budget.unit);
      if (units !== undefined && units <= BigInt(Number.MAX_SAFE_INTEGER)) {
        return { kind: "known", charge: { kind: "amount", budget, amount: Number(units) } };
      }
      const message = `${amount.text} cannot be charged exactly`;
      linking.list.report(clause.place, message, "write a number from 0 to 9007199");
      return undefined;
    }
    case "path":
      return named(clause, amount, budget, kind, linking);
  }
}

/** Only an LLM call has a metered cost; anything else counts as one call. */
function metered(
  clause: ChargeClause,
  budget: Budget,
  kind: Action["kind"],
  { list }: Linking,
): RuleCharge | undefined {
  if (kind === "llm" || budget.unit === "calls") {
    return { kind: "known", charge: Object.freeze({ kind: "metered", budget }) };
  }
  const message = `only LLM calls have a metered cost to charge to ${budget.id}`;
  const help = "name the amount, { budget, amount: args.amount }, or use a budget of calls";
  list.report(clause.place, message, help);
  return undefined;
}

function named(
  clause: ChargeClause,
  amount: Extract<ChargeClause["amount"], { kind: "path" }>,
  budget: Budget,
  kind: Action["kind"],
  { list }: Linking,
): RuleCharge | undefined {
  const path = pathOf(amount, kind, clause.place, list);
  const { currency } = clause;
  if (currency.kind === "fixed" && currency.text !== "USD") {
    list.report(clause.place, `${currency.text} is not converted to USD`, "budgets are in USD");
    return undefined;
  }
  if (currency.kind !== "none" && budget.unit !== "nano_usd") {
    const message = `the budget ${budget.id} counts ${budget.unit}, which have no currency`;
    list.report(clause.place, message, "remove currency");
    return undefined;
  }
  const where = currency.kind === "path" ? pathOf(currency, kind, clause.place, list) : undefined;
  if (path === undefined || (currency.kind === "path" && where === undefined)) return undefined;
  return Object.freeze({
    kind: "named",
    budget,
    text: amount.text,
    path,
    currency: currency.kind === "path" && where ? { text: currency.text, path: where } : undefined,
  });
}

function pathOf(
  { text, path }: { readonly text: string; readonly path: Path },
  kind: Action["kind"],
  place: Place,
  list: ProblemList,
): Path | undefined {
  const source = sourcePath(path, kind);
  if (source !== undefined) return source;
  const root = kind === "tool" ? "args" : "body";
  const help = kind === "mcp" ? "charge a fixed amount" : `write a path below ${root}`;
  list.report(place, `${text} is not known in a rule that selects ${kind} calls`, help);
  return undefined;
}
