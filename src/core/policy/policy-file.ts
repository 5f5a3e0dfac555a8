import type { Action, HttpSpecial } from "../action.ts";
import type { Approval, RateLimit } from "../decision.ts";
import type { Clearance } from "../identity/directory-entry.ts";
import type { Budget } from "../money/budget.ts";
import type { DomainRule, Surface } from "../inspect/inspection.ts";
import type { RiskLevel } from "../session/conduct.ts";
import type { Instant } from "../units.ts";
import type { Path } from "./json-path.ts";
import type { SchemaSide } from "../trust/schema-checks.ts";
import type { Place } from "./source-text.ts";

/** A policy file, understood: the syntax tree between the text and the compiled snapshot. */
export interface PolicyFile {
  readonly kind: "policy_file";
  readonly file: string;
  readonly agents: readonly GlobClause[];
  /** Empty: all. */
  readonly tenants: readonly GlobClause[];
  readonly mode: Mode;
  /** Its agents are not told why. */
  readonly opaque: boolean;
  readonly budgets: readonly BudgetClause[];
  /** Named, but not understood; whoever charges them is not to blame. */
  readonly brokenBudgets: readonly string[];
  readonly rules: readonly RuleClause[];
  readonly inspections: readonly InspectClause[];
  readonly tests: readonly TestClause[];
}

export type Mode = "enforce" | "shadow" | "off";
export type Effect = "allow" | "deny" | "approve";

export interface GlobClause {
  readonly kind: "glob";
  readonly place: Place;
  readonly text: string;
}

export interface BudgetClause extends Omit<Budget, "id"> {
  readonly kind: "budget";
  readonly place: Place;
  readonly id: string;
}

export interface RuleClause {
  readonly kind: "rule";
  readonly place: Place;
  readonly id: string;
  /** Undefined: the file's. */
  readonly agents: readonly GlobClause[] | undefined;
  readonly clearance: Clearance;
  readonly mode: Mode;
  readonly selector: SelectorClause;
  readonly when: ConditionClause | undefined;
  readonly effect: Effect;
  readonly approval: Approval;
  readonly outputTokens: number | undefined;
  readonly limits: readonly LimitClause[];
  readonly charges: readonly ChargeClause[];
  readonly marks: readonly string[];
  readonly checks: readonly SchemaSide[];
  readonly severity: string | undefined;
  readonly category: string | undefined;
  readonly notify: readonly string[];
  readonly message: string | undefined;
  readonly remedy: string | undefined;
}

export type SelectorClause =
  | { readonly kind: "tool"; readonly tools: readonly GlobClause[] }
  | {
      readonly kind: "llm";
      readonly models: readonly GlobClause[];
      readonly upstreams: readonly GlobClause[];
      readonly operations: readonly GlobClause[];
    }
  | {
      readonly kind: "http";
      readonly upstreams: readonly GlobClause[];
      readonly hosts: readonly GlobClause[];
      readonly methods: readonly GlobClause[];
      readonly paths: readonly GlobClause[];
      readonly allowUnknown: boolean;
      readonly upgrade: boolean;
    }
  | {
      readonly kind: "mcp";
      readonly upstreams: readonly GlobClause[];
      readonly methods: readonly GlobClause[];
      readonly names: readonly GlobClause[];
      /** Globs of `upstream.name`; empty where upstreams and names are given apart. */
      readonly targets: readonly GlobClause[];
    };

/** CEL text and where each of its lines stands in the file. */
export interface ConditionClause {
  readonly kind: "condition";
  readonly place: Place;
  readonly text: string;
  readonly lines: readonly { readonly offset: number; readonly place: Place }[];
}

/** A `RateLimit` before its rule has an id. */
export type LimitClause = { readonly place: Place } & (
  | Omit<Extract<RateLimit, { kind: "rate" }>, "rule">
  | Omit<Extract<RateLimit, { kind: "places" }>, "rule">
);

export interface ChargeClause {
  readonly kind: "charge";
  readonly place: Place;
  readonly budget: string;
  readonly amount:
    | { readonly kind: "metered" }
    /** A decimal text, converted to the budget's unit when that is known. */
    | { readonly kind: "fixed"; readonly text: string }
    | { readonly kind: "path"; readonly text: string; readonly path: Path };
  readonly currency:
    | { readonly kind: "none" }
    | { readonly kind: "fixed"; readonly text: string }
    | { readonly kind: "path"; readonly text: string; readonly path: Path };
}

export interface InspectClause {
  readonly kind: "inspect";
  readonly place: Place;
  readonly id: string;
  readonly agents: readonly GlobClause[] | undefined;
  readonly on: readonly Surface[];
  /** Empty: all. */
  readonly calls: readonly Action["kind"][];
  readonly find: readonly string[];
  readonly scoreMin: number;
  readonly action: "block" | "redact" | "report";
  readonly domains: DomainRule | undefined;
  readonly exceptions: readonly ExceptionClause[];
  readonly marks: readonly string[];
  readonly restores: boolean;
}

/** Globs; an empty list fits everything. */
export interface ExceptionClause {
  readonly tools: readonly string[];
  readonly place: Place;
  readonly fields: readonly GlobClause[];
  readonly signatures: readonly GlobClause[];
  readonly until: Instant;
}

export interface TestClause {
  readonly kind: "test";
  readonly place: Place;
  readonly agent: string;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly tenant: string | undefined;
  readonly clearance: Clearance | undefined;
  readonly marks: readonly string[];
  readonly risk: RiskLevel;
  /** Detectors. */
  readonly findings: readonly string[];
  /** ISO time; undefined: the epoch. */
  readonly at: string | undefined;
  readonly call: TestCall;
  readonly expect: Effect;
  readonly because: readonly string[] | undefined;
}

/** `json` is the text of the arguments or the body with every number as it was written. */
export type TestCall =
  | { readonly kind: "tool"; readonly tool: string; readonly json: string }
  | {
      readonly kind: "llm";
      readonly model: string;
      readonly upstream: string;
      readonly operation: string;
      readonly stream: boolean;
      readonly outputTokens: number | undefined;
      readonly json: string;
    }
  | {
      readonly kind: "http";
      readonly upstream: string;
      readonly method: string;
      readonly host: string;
      readonly path: string;
      readonly query: string;
      readonly special: HttpSpecial | undefined;
      readonly json: string | undefined;
    }
  | {
      readonly kind: "mcp";
      readonly upstream: string;
      readonly method: string;
      readonly name: string | undefined;
      /** Undefined: none. */
      readonly json: string | undefined;
    };
