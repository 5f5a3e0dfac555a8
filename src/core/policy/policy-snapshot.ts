import type { Action, McpAction, ToolAction } from "../action.ts";
import type { Decision, Inspections } from "../decision.ts";
import type { Budget } from "../money/budget.ts";
import type { Finding } from "../inspect/finding.ts";
import type { Principal } from "../principal.ts";
import type { RiskLevel } from "../session/conduct.ts";
import type { Digest, Instant, UpstreamName } from "../units.ts";

/** Facts beside principal and action that a condition may read. */
export interface PolicyFacts {
  readonly now: Instant;
  /** Information-flow marks of the session. */
  readonly marks: readonly string[];
  /**
   * The request body's own bytes as text, to read a money amount exactly as it was written. Called
   * only by rules that charge an amount.
   */
  readonly source: () => string;
  /** In the request and in what the session does; absent: none. */
  readonly findings?: readonly Finding[];
  /** Absent: LOW. */
  readonly risk?: RiskLevel;
}

/** All policy files, compiled. Immutable: an exchange reads one snapshot once. */
export interface PolicySnapshot {
  readonly digest: Digest;
  /** Number of rules in force, for status and metrics. */
  readonly ruleCount: number;
  /** Cost does not grow with rules that cannot match. Never throws. */
  decide(principal: Principal, action: Action, facts: PolicyFacts): Decision;
  /**
   * Whether some arguments, at some time, could make `decide` allow or escalate this (its `args`
   * are not looked at): lists show exactly what this admits. Every `when` and `charge` counts as
   * met for rules that allow or approve, and as not met for rules that deny. Same index, no CEL.
   */
  mayAllow(principal: Principal, action: ToolAction | McpAction): boolean;
  /** The same of a meta-tool that needs no rule: whether some other tool of its server may be. */
  mayCallThrough(principal: Principal, action: ToolAction): boolean;
  /** The same of a resource template: whether some address that it makes could be read. */
  mayReadSome(principal: Principal, upstream: UpstreamName, template: string): boolean;
  /** Whether some call of this tool could need a person's approval; undefined: of any tool. */
  mayEscalate(principal: Principal, action: ToolAction | undefined): boolean;
  /** Whether this agent hears only that something is not available, and not why. */
  isOpaque(principal: Principal): boolean;
  /** Budgets that some rule for this agent charges, each once. */
  budgetsOf(principal: Principal): readonly Budget[];
  /** Constant object per agent: scanners may cache on its identity. */
  inspections(principal: Principal): Inspections;
  /** The same for one call at one time, when exceptions may apply. */
  inspectionsOf(principal: Principal, action: Action, now: Instant): Inspections;
  /** Whether any rule for this agent on this http upstream reads `body`. */
  readsHttpBody(principal: Principal, upstream: string): boolean;
  /** Whether any rule for this agent reads what its session was marked with. */
  readsMarks(principal: Principal): boolean;
}
