import type { CompiledRule } from "../policy/compiled-rule.ts";
import type { RecordedCall } from "./recorded-call.ts";
import { RecordedScope, type Unkept } from "./recorded-scope.ts";
import { hasHeld, type ReplayPolicies } from "./replay-call.ts";
import { createRuleLookup } from "./rule-lookup.ts";
import { truthsOf } from "./rule-truths.ts";

/** A rule that selects a recorded call. */
export interface SelectingRule {
  readonly rule: CompiledRule;
  /** What is missing where no record tells. */
  readonly held: boolean | Unkept;
}

/** `policies`: those that decided. */
export function explainCall(call: RecordedCall, policies: ReplayPolicies): SelectingRule[] {
  const rules = createRuleLookup(policies.rules)(call.principal, call.action);
  const truths = truthsOf(call, rules);
  const scope = new RecordedScope(call);
  return rules.map((rule) => ({ rule, held: hasHeld(rule, scope, truths) }));
}
