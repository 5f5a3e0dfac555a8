/**
 * All rules in force, indexed by agent, kind and name: the cost of a decision does not grow with the
 * number of rules that cannot match. Immutable; an exchange reads one snapshot to its end.
 */
import type { Action, McpAction, ToolAction } from "../action.ts";
import type { Charge, Decision, Inspections } from "../decision.ts";
import type { Budget } from "../money/budget.ts";
import type { Principal } from "../principal.ts";
import type { Digest, UpstreamName, Instant } from "../units.ts";
import { impossible } from "../../lib/impossible.ts";
import { keepRecent } from "../../lib/keep-recent.ts";
import { includes, isNamed, memberKey, type Audience, type Member } from "./audience.ts";
import { evaluateCharge } from "./charge.ts";
import { combine, denyUnknownCharge, withCharges, type Combined } from "./combine.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import { ConditionScope } from "./condition-scope.ts";
import { decideThrough } from "./decide-through.ts";
import { matchesAnyName } from "./glob.ts";
import { agentInspections, type AgentInspections, type CompiledInspection } from "./inspections.ts";
import type { PolicyFacts, PolicySnapshot } from "./policy-snapshot.ts";
import { buildIndex, candidatesOf, type RuleIndex } from "./rule-index.ts";
import { foldedKeyOf, keyOf, misfitOf } from "./selector.ts";
import { mayCallSome } from "./tool-reach.ts";
import { mayReadSome } from "./template-reach.ts";

/** Members whose rules are kept resolved; past it the oldest is resolved again when it returns. */
const AGENTS_MAX = 1024;
/** Plans kept for each agent and kind; past it all are made again as needed. */
const PLANS_MAX = 128;
/** Longer names, which only a client would invent, are planned each time. */
const PLAN_KEY_CHARS_MAX = 256;
/** Rules of one plan whose outcomes fit one integer; more are combined each time. */
const MASK_RULES_MAX = 30;
/** Combinations of true conditions kept for one plan. */
const OUTCOMES_MAX = 64;

/** All that one agent may meet, by kind of action. */
interface AgentView {
  readonly kinds: Readonly<Record<Action["kind"], KindView>>;
  readonly inspections: AgentInspections;
  readonly budgets: readonly Budget[];
  readonly bodyReaders: readonly CompiledRule[];
  readonly readsMarks: boolean;
  /** Rules that let some tool be called. */
  readonly tools: readonly CompiledRule[];
}

interface KindView {
  readonly index: RuleIndex;
  readonly plans: Map<string, Plan>;
}

/** The rules that select one name, and what came of them before. */
interface Plan {
  readonly rules: readonly CompiledRule[];
  /** Set where nothing but the name decides. */
  readonly fixed: Decision | undefined;
  readonly mayAllow: boolean;
  /** By bit mask of the rules that matched. */
  readonly outcomes: Map<number, Combined>;
}

export function createSnapshot(
  rules: readonly CompiledRule[],
  inspections: readonly CompiledInspection[],
  digest: Digest,
  opaqueTo: readonly Audience[] = [],
): PolicySnapshot {
  const viewOf = createViews(rules, inspections);
  return Object.freeze({
    digest,
    ruleCount: rules.length,
    decide(principal: Principal, action: Action, facts: PolicyFacts): Decision {
      const view = viewOf(principal);
      if (action.kind !== "tool" || action.via === undefined) {
        return decideOne(view, principal, action, facts);
      }
      return decideThrough(action, facts, (one, known) => decideOne(view, principal, one, known));
    },
    mayCallThrough(principal: Principal, action: ToolAction): boolean {
      const view = viewOf(principal);
      return !isForbidden(planOf(view, principal, action).rules) && mayCallSome(view.tools, action);
    },
    mayAllow(principal: Principal, action: ToolAction | McpAction): boolean {
      return planOf(viewOf(principal), principal, action).mayAllow;
    },
    mayReadSome(principal: Principal, upstream: UpstreamName, template: string): boolean {
      const { index } = viewOf(principal).kinds.mcp;
      return mayReadSome(candidatesOf(index, upstream, upstream), upstream, template);
    },
    mayEscalate(principal: Principal, action: ToolAction | undefined): boolean {
      const view = viewOf(principal);
      if (action === undefined) return view.tools.some(({ effect }) => effect === "approve");
      const { rules, mayAllow: mayPass } = planOf(view, principal, action);
      return mayPass && rules.some(({ effect, shadow }) => !shadow && effect === "approve");
    },
    isOpaque(principal: Principal): boolean {
      return opaqueTo.some((audience) => isNamed(audience, principal));
    },
    budgetsOf(principal: Principal): readonly Budget[] {
      return viewOf(principal).budgets;
    },
    inspections(principal: Principal): Inspections {
      return viewOf(principal).inspections.plain;
    },
    inspectionsOf(principal: Principal, action: Action, now: Instant): Inspections {
      return viewOf(principal).inspections.during(action, now);
    },
    readsMarks(principal: Principal): boolean {
      return viewOf(principal).readsMarks;
    },
    readsHttpBody(principal: Principal, upstream: string): boolean {
      return viewOf(principal).bodyReaders.some(
        ({ selector }) => selector.kind === "http" && matchesAnyName(selector.upstreams, upstream),
      );
    },
  });
}

function createViews(
  rules: readonly CompiledRule[],
  inspections: readonly CompiledInspection[],
): (member: Member) => AgentView {
  const agents = new Map<string, AgentView>();
  const keyOfMember = memberKey([...rules, ...inspections]);
  return (member) => {
    const key = keyOfMember(member);
    const known = agents.get(key);
    if (known !== undefined) return known;
    const view = resolveAgent(member, rules, inspections);
    keepRecent(agents, key, view, AGENTS_MAX);
    return view;
  };
}

function resolveAgent(
  member: Member,
  rules: readonly CompiledRule[],
  inspections: readonly CompiledInspection[],
): AgentView {
  const own = rules.filter((rule) => includes(rule, member));
  const kind = (name: Action["kind"]): KindView => ({
    index: buildIndex(own.filter((rule) => rule.selector.kind === name)),
    plans: new Map(),
  });
  return {
    kinds: { tool: kind("tool"), llm: kind("llm"), http: kind("http"), mcp: kind("mcp") },
    inspections: agentInspections(member, inspections),
    budgets: budgetsOf(own),
    readsMarks: own.some(({ condition }) => condition?.readsMarks === true),
    bodyReaders: own.filter((rule) => rule.selector.kind === "http" && readsBody(rule)),
    tools: own.filter(
      ({ selector, effect, shadow }) => selector.kind === "tool" && effect !== "deny" && !shadow,
    ),
  };
}

function budgetsOf(rules: readonly CompiledRule[]): readonly Budget[] {
  const obeyed = rules.filter((rule) => !rule.shadow);
  const charged = obeyed.flatMap(({ charges }) =>
    charges.map((one) => (one.kind === "known" ? one.charge.budget : one.budget)),
  );
  return [...new Map(charged.map((budget) => [budget.id, budget])).values()];
}

function readsBody({ condition, charges }: CompiledRule): boolean {
  return condition?.readsBody === true || charges.some((charge) => charge.kind === "named");
}

function decideOne(
  view: AgentView,
  principal: Principal,
  action: Action,
  facts: PolicyFacts,
): Decision {
  const plan = planOf(view, principal, action);
  return plan.fixed ?? evaluate(plan, principal, action, facts);
}

function planOf(view: AgentView, principal: Principal, action: Action): Plan {
  const { index, plans } = view.kinds[action.kind];
  const key = planKey(action);
  const known = plans.get(key);
  if (known !== undefined) return known;
  const plan = makePlan(index, principal, action);
  if (key.length <= PLAN_KEY_CHARS_MAX) {
    if (plans.size >= PLANS_MAX) plans.clear();
    plans.set(key, plan);
  }
  return plan;
}

/** Everything a plan depends on; for http only the upstream, as paths are without number. */
function planKey(action: Action): string {
  switch (action.kind) {
    case "llm":
      return `${action.upstream} ${action.operation} ${action.model}`;
    case "mcp":
      return `${action.upstream} ${action.method} ${action.name ?? ""}`;
    case "http":
    case "tool":
      return keyOf(action);
    default:
      return impossible(action);
  }
}

function makePlan(index: RuleIndex, principal: Principal, action: Action): Plan {
  const candidates = candidatesOf(index, keyOf(action), foldedKeyOf(action));
  const perName = action.kind !== "http";
  const rules = perName
    ? candidates.filter((rule) => misfitOf(rule.selector, action) === undefined)
    : candidates;
  const combined = combine(rules, rules, principal.agent, action);
  const isFixed =
    perName && combined.named.length === 0 && rules.every((rule) => rule.condition === undefined);
  return {
    rules,
    fixed: isFixed ? combined.decision : undefined,
    mayAllow: mayAllow(rules),
    outcomes: new Map(),
  };
}

function mayAllow(rules: readonly CompiledRule[]): boolean {
  return !isForbidden(rules) && rules.some(({ effect, shadow }) => !shadow && effect !== "deny");
}

/** Whatever the arguments are. */
function isForbidden(rules: readonly CompiledRule[]): boolean {
  return rules.some(
    ({ effect, condition, shadow }) => !shadow && effect === "deny" && condition === undefined,
  );
}

function evaluate(plan: Plan, principal: Principal, action: Action, facts: PolicyFacts): Decision {
  const { rules } = plan;
  const matched: CompiledRule[] = [];
  let scope: ConditionScope | undefined;
  let mask = 0;
  for (let i = 0; i < rules.length; i += 1) {
    const rule = rules[i];
    if (rule === undefined) continue;
    if (action.kind === "http" && misfitOf(rule.selector, action) !== undefined) continue;
    if (rule.condition !== undefined) {
      scope ??= new ConditionScope(principal, action, facts);
      if (!holds(rule, scope)) continue;
    }
    matched.push(rule);
    mask |= 1 << i;
  }
  const combined = outcomeOf(plan, mask, matched, principal, action);
  return combined.named.length === 0 ? combined.decision : charge(combined, facts);
}

export function holds({ condition, effect }: CompiledRule, scope: ConditionScope): boolean {
  if (condition === undefined) return true;
  const truth = condition.evaluate(scope);
  return truth === "true" || (truth === "failed" && effect === "deny");
}

function outcomeOf(
  plan: Plan,
  mask: number,
  matched: readonly CompiledRule[],
  principal: Principal,
  action: Action,
): Combined {
  const known = plan.rules.length <= MASK_RULES_MAX ? plan.outcomes.get(mask) : undefined;
  if (known !== undefined) return known;
  const combined = combine(matched, plan.rules, principal.agent, action);
  // A denial of an http request names its path, which the mask does not know.
  const keeps = action.kind !== "http" || combined.decision.kind !== "deny";
  if (keeps && plan.rules.length <= MASK_RULES_MAX && plan.outcomes.size < OUTCOMES_MAX) {
    plan.outcomes.set(mask, combined);
  }
  return combined;
}

function charge({ decision, named }: Combined, facts: PolicyFacts): Decision {
  if (decision.kind !== "allow" && decision.kind !== "escalate") return decision;
  const source = facts.source();
  const charges: Charge[] = [];
  for (const { rule, charge: wanted } of named) {
    const reply = evaluateCharge(wanted, source);
    if (reply.kind === "unknown") return denyUnknownCharge(rule, reply.reason);
    charges.push(reply.charge);
  }
  return withCharges(decision, charges);
}
