/** Recorded traffic against other policies, call by call: what would have come out differently. */
import { describeAction } from "../policy/combine.ts";
import { effectOf } from "../policy/effect-of.ts";
import type { Effect } from "../policy/policy-file.ts";
import type { Instant } from "../units.ts";
import { countApprovals, type ApprovalLoad } from "./approval-loads.ts";
import { groupCalls, type CallGroup } from "./call-groups.ts";
import type { RecordedCall } from "./recorded-call.ts";
import type { Unkept } from "./recorded-scope.ts";
import { createReplay, type Replayed, type ReplayPolicies } from "./replay-call.ts";
import { SpendReplay, type BudgetTally } from "./spend-replay.ts";

export interface Simulation {
  /** Calls that policy judged: all of the four that follow. */
  readonly calls: number;
  readonly unchanged: number;
  readonly changed: number;
  /** Nobody can tell: what a rule reads was not kept. */
  readonly open: number;
  /** Names that were not kept whole, so that nobody can tell which rules select them. */
  readonly cut: number;
  /** Ended before policy was asked: no policy changes that. */
  readonly unjudged: number;
  readonly first: Instant | undefined;
  readonly last: Instant | undefined;
  /** The most frequent first. */
  readonly changes: readonly CallGroup<Change>[];
  readonly openCalls: readonly CallGroup<OpenCall>[];
  /** Calls of kinds beyond those listed. */
  readonly omitted: number;
  readonly approvals: readonly ApprovalLoad[];
  readonly budgets: readonly BudgetTally[];
  /** Calls that budgets really refused. */
  readonly refusedByBudgets: number;
}

/** Calls of one agent to one target whose verdict changes in one way. */
export interface Change {
  readonly agent: string;
  readonly call: string;
  readonly from: Effect;
  readonly to: Effect;
  readonly rulesBefore: readonly string[];
  readonly rulesAfter: readonly string[];
}

export interface OpenCall {
  readonly agent: string;
  readonly call: string;
  readonly from: Effect;
  readonly possible: readonly Effect[];
  readonly rules: readonly string[];
  readonly missing: readonly Unkept[];
}

export interface Simulator {
  /** Undefined: ended before policy was asked. */
  observe(call: RecordedCall | undefined): void;
  report(): Simulation;
}

export function createSimulator(candidate: ReplayPolicies, decided?: ReplayPolicies): Simulator {
  const replay = createReplay(candidate, decided);
  const spend = new SpendReplay();
  const approvals = countApprovals();
  const comparison = compareVerdicts();
  const counts = { calls: 0, cut: 0, unjudged: 0, refusedByBudgets: 0 };
  let first: Instant | undefined;
  let last: Instant | undefined;

  function judge(call: RecordedCall): void {
    const from = effectOf(call.decision);
    const replayed = replay(call);
    comparison.compare(call, from, replayed);
    const to = onlyOf(replayed.effects);
    const { at, review, decision } = call;
    const before = from === "approve" ? decision.approvers : undefined;
    const after = to === "approve" ? replayed.approvers : undefined;
    approvals.count({ at, review, before, after });
    if (to === "allow" || (to === "approve" && call.sent)) spend.take(call, replayed);
  }

  return {
    observe(call) {
      if (call === undefined) {
        counts.unjudged += 1;
        return;
      }
      counts.calls += 1;
      first = first === undefined || call.at < first ? call.at : first;
      last = last === undefined || call.at > last ? call.at : last;
      if (call.refusal === "budget_exceeded") counts.refusedByBudgets += 1;
      if (call.isCut) counts.cut += 1;
      else judge(call);
    },
    report: () => ({
      ...counts,
      ...comparison.report(),
      first,
      last,
      approvals: approvals.list(),
      budgets: spend.tallies(),
    }),
  };
}

interface Comparison {
  compare(call: RecordedCall, from: Effect, replayed: Replayed): void;
  report(): Pick<
    Simulation,
    "unchanged" | "changed" | "open" | "changes" | "openCalls" | "omitted"
  >;
}

function compareVerdicts(): Comparison {
  const changes = groupCalls<Change>();
  const openCalls = groupCalls<OpenCall>();
  const counts = { unchanged: 0, changed: 0, open: 0 };
  return {
    compare({ exchange, decision, principal, action }, from, replayed) {
      const { effects, because, open, missed } = replayed;
      const told = { agent: principal.agent, call: describeAction(action), from };
      const to = onlyOf(effects);
      if (to === undefined) {
        counts.open += 1;
        const possible = effects.toSorted();
        openCalls.add({ ...told, possible, rules: open, missing: missed }, exchange);
      } else if (to === from) counts.unchanged += 1;
      else {
        counts.changed += 1;
        const rules = { rulesBefore: decision.because, rulesAfter: because };
        changes.add({ ...told, to, ...rules }, exchange);
      }
    },
    report: () => ({
      ...counts,
      changes: changes.list(),
      openCalls: openCalls.list(),
      omitted: changes.omitted + openCalls.omitted,
    }),
  };
}

function onlyOf(effects: readonly Effect[]): Effect | undefined {
  return effects.length === 1 ? effects[0] : undefined;
}
