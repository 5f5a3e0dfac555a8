/**
 * What other policies would have made of a recorded call. Where a rule may or may not hold, because
 * what it reads was not kept, every effect that is possible is named instead of one being guessed.
 */
import { needsNoRule } from "../action-classes.ts";
import { isSilent, type Charge } from "../decision.ts";
import { combine, uniteCharges } from "../policy/combine.ts";
import type { NamedCharge } from "../policy/charge.ts";
import type { CompiledRule } from "../policy/compiled-rule.ts";
import type { Effect } from "../policy/policy-file.ts";
import { effectOf } from "../policy/effect-of.ts";
import { id, type Digest, type RuleId } from "../units.ts";
import type { RecordedCall } from "./recorded-call.ts";
import { RecordedScope, type Unkept } from "./recorded-scope.ts";
import { createRuleLookup } from "./rule-lookup.ts";
import { truthsOf, type Truths } from "./rule-truths.ts";

/** Policies as a replay needs them: a snapshot does not show its rules. */
export interface ReplayPolicies {
  readonly digest: Digest;
  readonly rules: readonly CompiledRule[];
}

export interface Replayed {
  /** One where the record tells enough. */
  readonly effects: readonly Effect[];
  /** Of what is certain. */
  readonly because: readonly RuleId[];
  readonly approvers: readonly string[];
  readonly charges: readonly Charge[];
  /** Amounts that the call named. */
  readonly named: readonly NamedCharge[];
  /** Rules that nobody can tell of, and what they read. */
  readonly open: readonly RuleId[];
  readonly missed: readonly Unkept[];
}

export type Replay = (call: RecordedCall) => Replayed;

/** `decided`: policies that may have made the recorded decisions; what held then is known. */
export function createReplay(candidate: ReplayPolicies, decided?: ReplayPolicies): Replay {
  const rulesFor = createRuleLookup(candidate.rules);
  const decidedFor = createRuleLookup(decided?.rules ?? []);
  return (call) => {
    const { principal, action, policy } = call;
    const isKnown = policy !== undefined && policy === decided?.digest;
    const truths = truthsOf(call, isKnown ? decidedFor(principal, action) : []);
    let judged = judge(call, rulesFor(principal, action), truths);
    for (const outer of call.via) {
      const around = { ...call, action: outer };
      judged = through(judged, judge(around, rulesFor(principal, outer), truths));
    }
    return judged;
  };
}

function judge(call: RecordedCall, rules: readonly CompiledRule[], truths: Truths): Replayed {
  const { action, principal } = call;
  const scope = new RecordedScope(call);
  const certain: CompiledRule[] = [];
  const open: CompiledRule[] = [];
  const missed: Unkept[] = [];
  for (const rule of rules) {
    const held = hasHeld(rule, scope, truths);
    if (held === true) certain.push(rule);
    else if (held !== false && !rule.shadow) {
      open.push(rule);
      missed.push(held);
    }
  }
  const { decision, named } = combine(certain, rules, principal.agent, action);
  const silent = isSilent(decision.because);
  const effects = new Set<Effect>([silent && needsNoRule(action) ? "allow" : effectOf(decision)]);
  const rank = silent ? 0 : RANKS[effectOf(decision)];
  for (const { effect } of open) if (RANKS[effect] > rank) effects.add(effect);
  const asking = [...certain, ...open.filter(({ effect }) => effect === "approve")];
  // Approvers may exclude each other, and then nobody may approve.
  if (effects.has("approve")) {
    effects.add(effectOf(combine(asking, rules, principal.agent, action).decision));
  }
  const decides = effects.size > 1;
  return {
    effects: [...effects],
    because: silent && needsNoRule(action) ? HOUSEKEEPING : decision.because,
    approvers: decision.kind === "escalate" ? decision.approval.approvers : [],
    charges: "terms" in decision ? decision.terms.charges : [],
    named: named.map(({ charge }) => charge),
    open: decides ? open.map((rule) => rule.id) : [],
    missed: decides ? [...new Set(missed)] : [],
  };
}

const HOUSEKEEPING: readonly RuleId[] = [id<RuleId>("housekeeping")];
/** Silence is 0. */
const RANKS = { allow: 1, approve: 2, deny: 3 } as const satisfies Record<Effect, number>;

/** What is missing where nobody can tell. */
export function hasHeld(
  { condition, effect }: CompiledRule,
  scope: RecordedScope,
  truths: Truths,
): boolean | Unkept {
  if (condition === undefined) return true;
  const known = (effect === "deny" ? truths.denies : truths.allows).get(condition.text);
  if (known !== undefined) return known;
  const truth = condition.evaluate(scope);
  const missed = scope.takeMissed();
  if (truth !== "failed") return truth === "true";
  return missed ?? effect === "deny";
}

/**
 * A call inside a meta-tool's: the outer one must not be denied. Whether silence about it denies
 * depends on whether the operator had described the meta-tool, which no record tells.
 */
function through(inner: Replayed, outer: Replayed): Replayed {
  const silent = isSilent(outer.because);
  const effects = new Set<Effect>();
  for (const one of inner.effects) {
    if (one === "deny") effects.add(one);
    else for (const other of outer.effects) effects.add(other === "allow" ? one : other);
    if (one !== "deny" && silent) effects.add(one);
  }
  return {
    effects: [...effects],
    because: [...new Set([...inner.because, ...outer.because])],
    approvers: [...new Set([...inner.approvers, ...outer.approvers])],
    charges: uniteCharges([...inner.charges, ...outer.charges]),
    named: [...inner.named, ...outer.named],
    open: [...new Set([...inner.open, ...outer.open])],
    missed: [...new Set([...inner.missed, ...outer.missed])],
  };
}
