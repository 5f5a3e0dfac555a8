/**
 * Stage 5 of 11. Asks the policy snapshot of this exchange, and turns a no into words that a model
 * can act on.
 */
import type { Action } from "../core/action.ts";
import { needsNoRule } from "../core/action-classes.ts";
import { isSilent, type Decision } from "../core/decision.ts";
import type { PolicyFacts, PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal, RefusalCode } from "../core/refusal.ts";
import { id, type RuleId } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { impossible } from "../lib/impossible.ts";

/** A decision that may still become a call. */
export type Promising = Extract<Decision, { kind: "allow" | "escalate" }>;

export interface Decided {
  /** Recorded whatever it is. */
  readonly decision: Decision;
  readonly verdict: Verdict<Promising>;
}

export function decide(
  snapshot: Pick<PolicySnapshot, "decide">,
  principal: Principal,
  action: Action,
  facts: PolicyFacts,
): Decided {
  const decision = unlessSilent(snapshot.decide(principal, action, facts), action);
  switch (decision.kind) {
    case "allow":
    case "escalate":
      return { decision, verdict: pass(decision) };
    case "conditional":
    case "deny":
      return { decision, verdict: halt(refusalOf(decision, action)) };
    default:
      return impossible(decision);
  }
}

/** Where policy says nothing, a client may still keep its connection and ask what there is. */
function unlessSilent(decision: Decision, action: Action): Decision {
  if (decision.kind !== "deny" || !needsNoRule(action)) return decision;
  return isSilent(decision.because) ? HOUSEKEEPING : decision;
}

const HOUSEKEEPING: Decision = {
  kind: "allow",
  because: [id<RuleId>("housekeeping")],
  terms: { charges: [], rates: [], outputTokens: undefined, marks: [], shadow: [] },
};

function refusalOf(
  decision: Extract<Decision, { kind: "conditional" | "deny" }>,
  action: Action,
): Refusal {
  const code = codeOf(action, decision.because);
  const rules = decision.because;
  if (decision.kind === "conditional") {
    return {
      code,
      detail: `${sentence(action)} is allowed only under conditions that are not met.`,
      remedy: `Not met: ${decision.unmet.join("; ")}.`,
      rules,
    };
  }
  const { detail, remedy } = decision;
  return remedy === undefined ? { code, detail, rules } : { code, detail, remedy, rules };
}

/**
 * Clients fall back from a refused upgrade only when the status says so, whichever rule refused.
 * An endpoint nobody has ruled on is told apart from one that a rule forbids.
 */
function codeOf(action: Action, because: readonly RuleId[]): RefusalCode {
  if (action.kind !== "http") return "policy_denied";
  switch (action.special) {
    case "upgrade":
      return "upgrade_refused";
    case "unknown_endpoint":
      return isSilent(because) ? "unknown_endpoint" : "policy_denied";
    case "tunnel":
    case "forwarded":
    case undefined:
      return "policy_denied";
    default:
      return impossible(action.special);
  }
}

function sentence(action: Action): string {
  switch (action.kind) {
    case "llm":
      return `Model ${action.model}`;
    case "tool":
      return `Tool ${action.tool}`;
    case "http":
      return `${action.method} ${action.path}`;
    case "mcp":
      return action.method;
    default:
      return impossible(action);
  }
}
