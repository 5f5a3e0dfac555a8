/**
 * Stage 7 with its one way back: a budget may want a cheaper model asked, and that is a new action
 * which policy decides like any other.
 */
import type { Action } from "../core/action.ts";
import type { Terms } from "../core/decision.ts";
import type { Adjustment, Facts } from "../core/evidence.ts";
import type { RateUse } from "../core/money/rate.ts";
import { settlementsOf } from "../core/money/settle.ts";
import type { PolicyFacts, PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import type { BudgetId } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import type { InspectionReport, Interpretation } from "../pipeline/ask.ts";
import { createCallMeter, type CallMeter } from "../pipeline/call-meter.ts";
import { confineTerms } from "../pipeline/confine.ts";
import { decide } from "../pipeline/decide.ts";
import { ATTEMPTS_MAX, reserve, type Clamp, type Reserved } from "../pipeline/reserve.ts";
import type { Ports } from "../pipeline/stages.ts";

/** Models that one call may be moved to, one after the other. */
const DOWNGRADES_MAX = 3;

export interface AffordInput {
  readonly facts: Facts;
  readonly principal: Principal;
  readonly snapshot: PolicySnapshot;
  readonly policyFacts: PolicyFacts;
  readonly interpretation: Interpretation;
  readonly terms: Terms;
}

/** The call as it will be made. */
export interface Affordable {
  readonly interpretation: Interpretation;
  readonly action: Action;
  readonly terms: Terms;
  readonly reserved: Reserved;
  /** Undefined where nothing is streamed, or no money is held by the token. */
  readonly meter: CallMeter | undefined;
  /** What an answer cost, in nano-USD; undefined where no budget tells the agent. */
  readonly costOf: CostOf | undefined;
}

export type CostOf = (status: number, report: InspectionReport) => number | undefined;

export async function afford(input: AffordInput, ports: Ports): Promise<Verdict<Affordable>> {
  const { facts, principal, snapshot, policyFacts } = input;
  const { exchange, at: now } = facts;
  let { interpretation, terms } = input;
  let moved: Moved | undefined;
  for (let n = 0; ; n += 1) {
    const { action, metering } = interpretation;
    const attempts = n * ATTEMPTS_MAX;
    const asked = { exchange, now, principal, action, terms, metering, attempts };
    const reserving = reserve(asked, ports);
    const reserved = reserving instanceof Promise ? await reserving : reserving;
    if (reserved.kind === "halt") return reserved;
    if (reserved.kind === "pass") {
      facts.adjustment = adjustmentOf(moved, reserved.value.clamped);
      return pass(affordable(interpretation, terms, reserved.value, ports));
    }
    const { budget, model, refusal } = reserved;
    const cheaper = n < DOWNGRADES_MAX ? interpretation.withModel?.(model) : undefined;
    if (cheaper === undefined || action.kind !== "llm") return halt(refusal);
    const { decision } = decide(snapshot, principal, cheaper.action, policyFacts);
    if (decision.kind !== "allow") return halt(refusal);
    const confined = confineTerms(principal, decision.terms);
    if (confined.kind === "halt") return confined;
    moved = { budget, from: moved?.from ?? action.model, to: model };
    facts.action = cheaper.action;
    facts.decision = decision;
    terms = withUntakenRates(confined.value, terms, () => ports.rates.end(exchange, NOTHING_USED));
    interpretation = cheaper;
  }
}

function affordable(
  interpretation: Interpretation,
  terms: Terms,
  reserved: Reserved,
  ports: Ports,
): Affordable {
  const { action } = interpretation;
  const { agreement, reservation, budgets } = reserved;
  const streams = action.kind === "llm" && action.stream;
  const meter = streams ? createCallMeter(agreement, reservation, ports) : undefined;
  const costOf: CostOf = (status, { usage, model }) => {
    const ending = { sent: true, status, usage, model };
    return settlementsOf(agreement, ending, ports.prices).priced?.cost;
  };
  const told = budgets.length > 0;
  return { interpretation, action, terms, reserved, meter, costOf: told ? costOf : undefined };
}

interface Moved {
  readonly budget: BudgetId;
  readonly from: string;
  readonly to: string;
}

const NOTHING_USED: RateUse = { tokens: 0, nanoUsd: 0 };

/** What the first model's rules took counts for the second's; other limits are taken anew. */
function withUntakenRates(next: Terms, taken: Terms, giveBack: () => void): Terms {
  if (next.rates.every((rate) => taken.rates.includes(rate))) return { ...next, rates: [] };
  giveBack();
  return next;
}

function adjustmentOf(
  moved: Moved | undefined,
  clamped: Clamp | undefined,
): Adjustment | undefined {
  const outputTokens = clamped?.outputTokens;
  if (moved !== undefined) return { kind: "downgraded", ...moved, outputTokens };
  return clamped && { kind: "clamped", ...clamped };
}
