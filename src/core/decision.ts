import type { Inspection } from "./inspect/inspection.ts";
import type { Budget, Scope } from "./money/budget.ts";
import type { SchemaCheck, SchemaSide } from "./trust/schema-checks.ts";
import type { ReviewPriority } from "./review/priority.ts";
import { id, type Millis, type RuleId } from "./units.ts";

/** Denies what no rule allows. */
export const DEFAULT_RULE: RuleId = id("default");

/** Whether no rule made the decision: policy says nothing. */
export function isSilent(because: readonly string[]): boolean {
  return because.every((rule) => rule === DEFAULT_RULE);
}

/**
 * What the policy says. `because` is never empty: a silent policy denies by `default`, which is a
 * rule id of its own. Order of combination: deny > escalate > conditional > allow.
 */
export type Decision =
  | { readonly kind: "allow"; readonly because: readonly RuleId[]; readonly terms: Terms }
  | {
      readonly kind: "conditional";
      readonly because: readonly RuleId[];
      readonly unmet: readonly string[];
    }
  | {
      readonly kind: "escalate";
      readonly because: readonly RuleId[];
      readonly approval: Approval;
      readonly terms: Terms;
    }
  | {
      readonly kind: "deny";
      readonly because: readonly RuleId[];
      /** Sentence for the agent; written by the rule or made from it. */
      readonly detail: string;
      readonly remedy: string | undefined;
    };

export interface Approval {
  /** Names, or `role:…`; empty: anybody but who asks. */
  readonly approvers: readonly string[];
  /** How long a person has to answer, and then the agent to make the call. */
  readonly expires: Millis;
  /** Different people who must approve; absent counts as 1. */
  readonly count?: number | undefined;
  /** Absent counts as medium. */
  readonly priority?: ReviewPriority | undefined;
  /** How soon somebody should answer; absent: as the priority has it. */
  readonly sla?: Millis | undefined;
  /** Who is asked instead once nobody answered in time; absent: nobody. */
  readonly escalateTo?: readonly string[] | undefined;
  /** How long the call itself may wait for the answer; absent: as the config has it. */
  readonly holdMax?: Millis | undefined;
}

/** What must be done for the allow to stand. Failing to do it is a refusal. */
export interface Terms {
  readonly charges: readonly Charge[];
  readonly rates: readonly RateLimit[];
  /** Cap on output tokens; the smallest of the rules that allowed. */
  readonly outputTokens: number | undefined;
  /** Added to the session once the call went out. */
  readonly marks: readonly string[];
  /** What is held against the tool's approved schema. */
  readonly checks?: readonly SchemaSide[] | undefined;
  /** Verdicts of rules in shadow mode: recorded, not obeyed. */
  readonly shadow: readonly ShadowVerdict[];
}

export type Charge =
  /** Metered cost or tokens of the exchange itself, or 1 for a budget of calls. */
  | { readonly kind: "metered"; readonly budget: Budget }
  /** An amount named by the call, already evaluated: integer in the budget's unit. */
  | { readonly kind: "amount"; readonly budget: Budget; readonly amount: number };

/** What a rule allows at a time; `scope` makes one instance for each value. */
export type RateLimit =
  /** `60/min`: the allowance comes back evenly within `per`. */
  | {
      readonly kind: "rate";
      readonly rule: RuleId;
      readonly counts: "requests" | "tokens" | "nano_usd";
      /** Integer in what is counted. */
      readonly allowance: number;
      readonly per: Millis;
      readonly scope: Scope | "all";
    }
  /** Exchanges that may run at the same time. */
  | {
      readonly kind: "places";
      readonly rule: RuleId;
      readonly allowance: number;
      readonly scope: Scope | "all";
    };

export interface ShadowVerdict {
  readonly rule: RuleId;
  readonly effect: "allow" | "deny" | "approve";
}

/** What policy asks the inspectors to do for one principal. */
export interface Inspections {
  readonly request: Inspection;
  readonly response: Inspection;
  readonly toolResult: Inspection;
  /** What a tool's structured result is held against, where policy wants that. */
  readonly result?: SchemaCheck | undefined;
}
