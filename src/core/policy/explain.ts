/** Why a call is decided as it is: every rule of its kind, and the part that did not fit. */
import type { Decision } from "../decision.ts";
import type { RuleId } from "../units.ts";
import { isCleared, isNamed, type Member } from "./audience.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import { ConditionScope } from "./condition-scope.ts";
import type { Effect } from "./policy-file.ts";
import type { Situation } from "./situation.ts";
import { misfitOf, type Misfit } from "./selector.ts";
import { holds } from "./create-snapshot.ts";
import type { Place } from "./source-text.ts";
import type { PolicySnapshot } from "./policy-snapshot.ts";

export interface Explanation {
  readonly decision: Decision;
  /** Rules that matched, obeyed or in shadow. */
  readonly matched: readonly RuleView[];
  /** Rules of the same kind that did not, the nearest first. */
  readonly missed: readonly MissedRule[];
}

export interface RuleView {
  readonly id: RuleId;
  readonly place: Place;
  readonly effect: Effect;
  readonly shadow: boolean;
  readonly severity: string | undefined;
  /** A denial whose condition failed applies; this says what failed. */
  readonly failure: string | undefined;
}

export interface MissedRule extends RuleView {
  readonly because: Misfit | "agent" | "clearance" | "when";
  /** The condition, where that is what did not hold. */
  readonly when: string | undefined;
}

export function explain(
  snapshot: Pick<PolicySnapshot, "decide">,
  rules: readonly CompiledRule[],
  { principal, action, facts }: Situation,
): Explanation {
  const matched: RuleView[] = [];
  const missed: MissedRule[] = [];
  const scope = new ConditionScope(principal, action, facts);
  for (const rule of rules) {
    const misfit = misfitOf(rule.selector, action);
    if (misfit === "kind") continue;
    const { id, place, effect, shadow, severity, condition } = rule;
    const failure = misfit === undefined ? condition?.failureOf(scope) : undefined;
    const view = { id, place, effect, shadow, severity, failure };
    const because = misfit ?? missedBy(rule, principal, scope);
    if (because === undefined) matched.push(view);
    else missed.push({ ...view, because, when: because === "when" ? condition?.text : undefined });
  }
  const decision = snapshot.decide(principal, action, facts);
  return { decision, matched, missed: missed.toSorted(byNearness) };
}

function missedBy(
  rule: CompiledRule,
  member: Member,
  scope: ConditionScope,
): "agent" | "clearance" | "when" | undefined {
  if (!isNamed(rule, member)) return "agent";
  if (!isCleared(rule, member)) return "clearance";
  return holds(rule, scope) ? undefined : "when";
}

/** What stands between a rule and the call, from least to most. */
const DISTANCES = {
  when: 0,
  clearance: 0,
  path: 1,
  unknown_endpoint: 2,
  upgrade: 2,
  tunnel: 2,
  forwarded: 2,
  method: 3,
  operation: 3,
  name: 3,
  host: 4,
  model: 4,
  agent: 5,
  tool: 6,
  upstream: 7,
  kind: 8,
} as const satisfies Record<MissedRule["because"], number>;

function byNearness(a: MissedRule, b: MissedRule): number {
  return DISTANCES[a.because] - DISTANCES[b.because];
}
