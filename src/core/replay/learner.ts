/**
 * Gathers what recorded traffic needs of a policy, target by target. A call that was denied needs
 * nothing; where the rules that decided are still here, they lend their conditions.
 */
import { effectOf } from "../policy/effect-of.ts";
import type { Action } from "../action.ts";
import { needsNoRule } from "../action-classes.ts";
import type { Principal } from "../principal.ts";
import type { Digest, Instant } from "../units.ts";
import type { RecordedCall } from "./recorded-call.ts";

/** One agent and one thing that it calls. */
export interface Target {
  readonly principal: Principal;
  readonly action: Action;
  readonly allowed: number;
  readonly approved: number;
  readonly denied: number;
  /** Rules that let calls through, by the policies that are still here. */
  readonly because: ReadonlySet<string>;
  /** Whether such policies let any call through. */
  readonly isKnown: boolean;
  /** As recorded; for targets whose rules are gone. */
  readonly approvers: readonly string[];
  readonly marks: readonly string[];
  readonly outputTokens: number | undefined;
}

export interface Need {
  readonly targets: readonly Target[];
  readonly calls: number;
  readonly first: Instant | undefined;
  readonly last: Instant | undefined;
  /** Calls of targets beyond the bound, or whose name was not kept whole. */
  readonly omitted: number;
  /** Nano-USD of the dearest day (UTC) of any agent. */
  readonly dearestDay: number;
}

export interface Learner {
  observe(call: RecordedCall | undefined): void;
  need(): Need;
}

const TARGETS_MAX = 20_000;
const DAYS_MAX = 100_000;
const DAY_MS = 86_400_000;

type Gathering = { -readonly [K in keyof Target]: Target[K] } & { because: Set<string> };

/** `decided`: the policies that are still here. */
export function createLearner(decided: Digest | undefined): Learner {
  const gathered = gatherTargets(decided);
  const days = new Map<string, number>();
  const counts = { calls: 0, omitted: 0 };
  let first: Instant | undefined;
  let last: Instant | undefined;

  function spend({ cost, principal, at }: RecordedCall): void {
    const key = `${Math.floor(at / DAY_MS)} ${principal.agent}`;
    if (cost === undefined || (days.size >= DAYS_MAX && !days.has(key))) return;
    days.set(key, (days.get(key) ?? 0) + cost.cost);
  }

  return {
    observe(call) {
      if (call === undefined) return;
      counts.calls += 1;
      first = first === undefined || call.at < first ? call.at : first;
      last = last === undefined || call.at > last ? call.at : last;
      const isHeard =
        !call.isCut && [call.action, ...call.via].every((action) => gathered.note(call, action));
      if (!isHeard) counts.omitted += 1;
      spend(call);
    },
    need: () => ({
      ...counts,
      first,
      last,
      targets: gathered.list(),
      dearestDay: Math.max(0, ...days.values()),
    }),
  };
}

function gatherTargets(decided: Digest | undefined) {
  const targets = new Map<string, Gathering>();

  function targetOf(principal: Principal, action: Action): Gathering | undefined {
    const key = keyOf(principal, action);
    const known = targets.get(key);
    if (known !== undefined || targets.size >= TARGETS_MAX) return known;
    const fresh = newTarget(principal, action);
    targets.set(key, fresh);
    return fresh;
  }

  return {
    /** False where there is no room for one more target. */
    note(call: RecordedCall, action: Action): boolean {
      const target = targetOf(call.principal, action);
      if (target === undefined) return false;
      const { decision, policy } = call;
      const effect = effectOf(call.decision);
      if (effect === "deny") {
        target.denied += 1;
        return true;
      }
      // Of a meta-tool and the tool in it, no record tells which one a person was asked for.
      if (effect === "approve" && action === call.action) target.approved += 1;
      else target.allowed += 1;
      if (policy === decided) {
        target.isKnown = true;
        for (const rule of decision.because) target.because.add(rule);
      }
      if (decision.approvers.length > 0) target.approvers = decision.approvers;
      target.marks = [...new Set([...target.marks, ...decision.marks])];
      target.outputTokens = decision.outputTokens ?? target.outputTokens;
      return true;
    },
    /** What clients may do without a rule needs none, unless a rule denied it at times. */
    list: (): readonly Target[] =>
      [...targets.values()].filter(
        ({ action, denied, allowed, approved }) =>
          !needsNoRule(action) || (denied > 0 && allowed + approved > 0),
      ),
  };
}

function newTarget(principal: Principal, action: Action): Gathering {
  return {
    principal,
    action,
    allowed: 0,
    approved: 0,
    denied: 0,
    because: new Set(),
    isKnown: false,
    approvers: [],
    marks: [],
    outputTokens: undefined,
  };
}

/** What rules may select by, without the call's own text. */
function keyOf({ tenant, agent }: Principal, action: Action): string {
  switch (action.kind) {
    case "tool":
      return JSON.stringify([tenant, agent, action.upstream, action.tool]);
    case "llm":
      return JSON.stringify([tenant, agent, action.upstream, action.operation, action.model, 1]);
    case "http": {
      const { upstream, method, host, path, special = "" } = action;
      return JSON.stringify([tenant, agent, upstream, method, host, path, special]);
    }
    case "mcp":
      return JSON.stringify([tenant, agent, action.upstream, action.method, action.name ?? null]);
  }
}
