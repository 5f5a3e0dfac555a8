import type { Action } from "../action.ts";
import type { Charge } from "../decision.ts";
import type { Budget } from "../money/budget.ts";
import { readJsonPath, type Path } from "./json-path.ts";
import { toUnits } from "./quantity.ts";

/** What a rule charges: known at load, or named by the call. */
export type RuleCharge =
  | { readonly kind: "known"; readonly charge: Charge }
  | {
      readonly kind: "named";
      readonly budget: Budget;
      /** As the file has it, for messages. */
      readonly text: string;
      /** Into the request's JSON text. */
      readonly path: Path;
      readonly currency: { readonly text: string; readonly path: Path } | undefined;
    };

export type NamedCharge = Extract<RuleCharge, { kind: "named" }>;

export type ChargeReply =
  | { readonly kind: "charge"; readonly charge: Charge }
  /** The sentence for the agent; the call is denied. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Longest part of the request that may be an amount or a currency, in characters. */
const VALUE_CHARS_MAX = 64;

/**
 * Where a path of a policy file leads in the request's own JSON: `args.x` of a tool call stands in
 * the JSON-RPC message, `body.x` is the body's `x`.
 * Undefined where the rule's kind has no such root.
 */
export function sourcePath(path: Path, kind: Action["kind"]): Path | undefined {
  const [root, ...rest] = path;
  switch (kind) {
    case "tool":
      return root === "args" ? ["params", "arguments", ...rest] : undefined;
    case "llm":
    case "http":
      return root === "body" ? rest : undefined;
    case "mcp":
      return undefined;
  }
}

/** Reads the amount digit by digit from the JSON text; only a plain number counts. */
export function evaluateCharge(charge: NamedCharge, source: string): ChargeReply {
  const { budget, text, currency } = charge;
  if (currency !== undefined) {
    const code = readJsonPath(source, currency.path);
    if (code !== '"USD"') {
      return unknown(
        `${currency.text} must be the text "USD"; other currencies are not converted.`,
      );
    }
  }
  const raw = readJsonPath(source, charge.path);
  if (raw === undefined) return unknown(`${text} is missing, so the charge is not known.`);
  const units = raw.length > VALUE_CHARS_MAX ? undefined : toUnits(raw, budget.unit);
  if (units === undefined || units > BigInt(Number.MAX_SAFE_INTEGER)) {
    return unknown(`${text} must be a JSON number from 0 that can be charged exactly.`);
  }
  return { kind: "charge", charge: { kind: "amount", budget, amount: Number(units) } };
}

function unknown(reason: string): ChargeReply {
  return { kind: "unknown", reason };
}
