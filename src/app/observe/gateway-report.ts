import type { OutagePolicy } from "../../stores/outage/outage-policy.ts";
import type { RefusalCode } from "../../core/refusal.ts";
import type { TunnelCounts } from "../../proxy/count-tunnels.ts";
import type { JudgeReport } from "../../stores/judge/llm-judge.ts";
import type { SinkState } from "../../stores/ledger-sinks/sink-plan.ts";
import { mergeTallies, type UpstreamTally } from "./tally.ts";

/** The state of one process that serves traffic; plain data, so that a worker can send it. */
export interface GatewayReport {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly running: number;
  /** Open tunnels, by what they are. */
  readonly tunnels: TunnelCounts;
  readonly bugs: number;
  /** Requests that never became an exchange, by why. */
  readonly turnedAway: ReadonlyMap<RefusalCode, number>;
  /** As `BudgetEvents` counts them. */
  readonly budgets: ReadonlyMap<string, number>;
  readonly policy: PolicyReport;
  readonly prices: PriceReport;
  readonly ledgerHealthy: boolean;
  readonly store: StoreReport;
  /** Undefined where none is configured. */
  readonly judge?: JudgeReport | undefined;
  readonly tallies: readonly UpstreamTally[];
  /** Of the one process that reads the ledger. */
  readonly sinks?: readonly SinkState[];
  /** Notifications that were given up, of the one process that sends them. */
  readonly deadDeliveries?: number;
}

/** Where budgets and limits are counted. */
export interface StoreReport {
  readonly kind: "embedded" | "single" | "sentinel" | "cluster";
  readonly reachable: boolean;
  readonly detail: string;
  /** Part of the store's own memory limit in use. */
  readonly memoryUsed: number | undefined;
  /** Settlements that wait for the store. */
  readonly unsettled: number;
  /** Calls whose money is set aside and not settled yet: of the process, or of the file they share. */
  readonly held: number;
  readonly outages: readonly OutageReport[];
}

export interface OutageReport {
  readonly dependency: "budgets" | "limits";
  readonly policy: OutagePolicy;
  /** Calls that were let through without the store. */
  readonly letThrough: number;
}

export interface PolicyReport {
  /** Empty while processes differ. */
  readonly digest: string;
  readonly rules: number;
  readonly accepted: number;
  readonly refused: number;
  /** Of the newest files, where they were refused: the last good ones are in force. */
  readonly problems: readonly string[];
}

export interface PriceReport {
  /** Name, version and hash of what is in force. */
  readonly catalogue: string;
  /** Of the newest file, where it was refused: the last good prices are in force. */
  readonly problems: readonly string[];
}

/** Several workers as one: sums, and the worst of each state. */
export function mergeReports(reports: readonly GatewayReport[]): GatewayReport | undefined {
  const [first] = reports;
  if (first === undefined || reports.length === 1) return first;
  const sum = (count: (report: GatewayReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  const worst = reports.find(({ policy }) => policy.problems.length > 0) ?? first;
  return {
    ready: reports.every(({ ready }) => ready),
    draining: reports.some(({ draining }) => draining),
    running: sum(({ running }) => running),
    tunnels: {
      connect: sum(({ tunnels }) => tunnels.connect),
      websocket: sum(({ tunnels }) => tunnels.websocket),
    },
    bugs: sum(({ bugs }) => bugs),
    turnedAway: mergeCounts(reports.map(({ turnedAway }) => turnedAway)),
    budgets: mergeCounts(reports.map(({ budgets }) => budgets)),
    policy: {
      ...worst.policy,
      digest: reports.every(({ policy }) => policy.digest === first.policy.digest)
        ? first.policy.digest
        : "",
      accepted: sum(({ policy }) => policy.accepted),
      refused: sum(({ policy }) => policy.refused),
    },
    prices: reports.find(({ prices }) => prices.problems.length > 0)?.prices ?? first.prices,
    ledgerHealthy: reports.every(({ ledgerHealthy }) => ledgerHealthy),
    store: mergeStores(reports.map(({ store }) => store)) ?? first.store,
    judge: mergeJudges(reports.flatMap(({ judge = [] }) => judge)),
    tallies: mergeTallies(reports.map(({ tallies }) => tallies)),
  };
}

function mergeJudges(judges: readonly JudgeReport[]): JudgeReport | undefined {
  const worst = judges.find(({ away }) => away !== undefined) ?? judges[0];
  if (worst === undefined) return undefined;
  return {
    ...worst,
    answered: judges.reduce((sum, { answered }) => sum + answered, 0),
    unanswered: judges.reduce((sum, { unanswered }) => sum + unanswered, 0),
  };
}

function mergeStores(stores: readonly StoreReport[]): StoreReport | undefined {
  const worst = stores.find(({ reachable }) => !reachable) ?? stores[0];
  if (worst === undefined) return undefined;
  const total = (count: (store: StoreReport) => number): number =>
    stores.reduce((sum, store) => sum + count(store), 0);
  return {
    ...worst,
    unsettled: total(({ unsettled }) => unsettled),
    held: worst.kind === "embedded" ? worst.held : total(({ held }) => held),
    outages: worst.outages.map((outage, at) => ({
      ...outage,
      letThrough: total(({ outages }) => outages[at]?.letThrough ?? 0),
    })),
  };
}

function mergeCounts<K extends string>(
  all: readonly ReadonlyMap<K, number>[],
): ReadonlyMap<K, number> {
  const merged = new Map<K, number>();
  for (const counts of all) {
    for (const [code, count] of counts) merged.set(code, (merged.get(code) ?? 0) + count);
  }
  return merged;
}
