/** With its parts beside it the only importer of prom-client, loaded with the first scrape: counting does not need it. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import { DurationHistogram, type Row } from "./duration-histogram.ts";
import { addJudgeMetrics } from "./judge-metrics.ts";
import { addSinkMetrics } from "./sink-metrics.ts";
import type { GatewayReport } from "./gateway-report.ts";
import { USAGE_COUNTS } from "../../core/money/usage.ts";
import { wallMillis } from "../../lib/clock.ts";
import { isClosed } from "./store-events.ts";
import { TOKEN_CLASSES, type TokenClass } from "./tally.ts";

export interface Metrics {
  readonly contentType: string;
  render(report: GatewayReport | undefined): Promise<string>;
}

/** The report that the scrape at hand is made from. */
interface Source {
  report: GatewayReport | undefined;
}

/** Without a sample, as in the first scrape, they are infinite or no number. */
const UNSAID = ["min", "mean", "stddev"].map((what) => `nodejs_eventloop_lag_${what}_seconds`);

/** Labels are upstream names and fixed words: both are bounded by the config. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const source: Source = { report: undefined };
  collectDefaultMetrics({ register: registry });
  for (const name of UNSAID) registry.removeSingleMetric(name);
  addTraffic(registry, source);
  addMoney(registry, source);
  addBudgets(registry, source);
  addState(registry, source);
  const info = new Gauge({
    name: "sallyport_build_info",
    help: "The version that runs; always 1.",
    labelNames: ["version"],
    registers: [registry],
  });
  info.set({ version }, 1);
  return {
    contentType: registry.contentType,
    render(report) {
      source.report = report;
      return registry.metrics();
    },
  };
}

function addTraffic(registry: Registry, source: Source): void {
  counter(
    registry,
    "sallyport_exchanges_total",
    "Closed exchanges.",
    ["outcome", "code"],
    (add) => {
      for (const [one, { outcomes }] of rows(source)) {
        for (const [key, value] of outcomes) {
          const [outcome = "", code = ""] = key.split(" ");
          add({ ...one, outcome, code }, value);
        }
      }
    },
  );
  counter(registry, "sallyport_findings_total", "What inspection found.", FINDING, (add) => {
    for (const [one, { findings }] of rows(source)) {
      for (const [key, value] of findings) {
        const [detector = "", action = ""] = key.split(" ");
        add({ ...one, detector, action }, value);
      }
    }
  });
  counter(
    registry,
    "sallyport_unscanned_total",
    "Exchanges not scanned in full, by the first reason.",
    ["reason"],
    (add) => {
      for (const [one, { unscanned }] of rows(source)) {
        for (const [reason, value] of unscanned) {
          add({ ...one, reason: reason.replaceAll(" ", "_") }, value);
        }
      }
    },
  );
  registry.registerMetric(new DurationHistogram(() => rows(source)));
}

const FINDING = ["detector", "action"];

/** The words of the ledger, so that both can be searched for one. */
const LEDGER_NAMES = new Map<string, string>(USAGE_COUNTS.map(([key, name]) => [name, key]));

const PLAIN = new Set<TokenClass>(["input", "cacheRead", "cacheWrite", "output", "reasoning"]);

function addMoney(registry: Registry, source: Source): void {
  counter(registry, "sallyport_tokens_total", "Tokens billed.", ["class"], (add) => {
    for (const [one, { tokens }] of rows(source)) {
      for (const name of TOKEN_CLASSES) {
        // The plain classes are always there; the others once something was billed by them.
        if (!PLAIN.has(name) && tokens[name] === 0) continue;
        add({ ...one, class: LEDGER_NAMES.get(name) ?? name }, tokens[name]);
      }
    }
  });
  counter(registry, "sallyport_cost_usd_total", "Settled cost in US dollars.", [], (add) => {
    for (const [one, { cost }] of rows(source)) add(one, cost / 1e9);
  });
  counter(
    registry,
    "sallyport_usage_estimated_total",
    "Costs not counted by the provider.",
    [],
    (add) => {
      for (const [one, { estimated }] of rows(source)) add(one, estimated);
    },
  );
}

function addBudgets(registry: Registry, source: Source): void {
  const events = new Counter({
    name: "sallyport_budget_events_total",
    help: "Calls that did not fit a budget, and soft limits reached.",
    labelNames: ["event", "budget", "percent"],
    registers: [registry],
    collect() {
      events.reset();
      for (const [key, count] of source.report?.budgets ?? []) {
        const [event = "", budget = "", percent = ""] = key.split(" ");
        events.inc({ event, budget, percent }, count);
      }
    },
  });
}

function addState(registry: Registry, source: Source): void {
  const reloads = new Counter({
    name: "sallyport_policy_reloads_total",
    help: "Policy files read, by whether they were put in force.",
    labelNames: ["result"],
    registers: [registry],
    collect() {
      reloads.reset();
      reloads.inc({ result: "accepted" }, source.report?.policy.accepted ?? 0);
      reloads.inc({ result: "refused" }, source.report?.policy.refused ?? 0);
    },
  });
  const bugs = new Counter({
    name: "sallyport_bugs_total",
    help: "Exchanges that ended in an exception of ours.",
    registers: [registry],
    collect() {
      bugs.reset();
      bugs.inc(source.report?.bugs ?? 0);
    },
  });
  const turnedAway = new Counter({
    name: "sallyport_requests_turned_away_total",
    help: "Requests that never became an exchange.",
    labelNames: ["code"],
    registers: [registry],
    collect() {
      turnedAway.reset();
      for (const [code, count] of source.report?.turnedAway ?? []) turnedAway.inc({ code }, count);
    },
  });
  gauge(registry, "sallyport_policy_rules", "Rules in force.", () => source.report?.policy.rules);
  gauge(registry, "sallyport_policy_problems", "0 while the newest files are in force.", () => {
    return source.report?.policy.problems.length;
  });
  gauge(registry, "sallyport_ledger_healthy", "1 while the ledger can be written.", () =>
    source.report?.ledgerHealthy === true ? 1 : 0,
  );
  addStore(registry, source);
  gauge(registry, "sallyport_notifications_dead", "Deliveries that were given up.", () => {
    return source.report?.deadDeliveries;
  });
  addSinkMetrics(registry, () => source.report?.sinks ?? []);
  gauge(registry, "sallyport_exchanges_running", "Open exchanges.", () => source.report?.running);
  addTunnels(registry, source);
  addJudgeMetrics(registry, () => source.report?.judge);
}

function addTunnels(registry: Registry, source: Source): void {
  const open = new Gauge({
    name: "sallyport_tunnels_open",
    help: "Open tunnels: CONNECT and WebSockets.",
    labelNames: ["kind"],
    registers: [registry],
    collect() {
      const { connect = 0, websocket = 0 } = source.report?.tunnels ?? {};
      open.set({ kind: "connect" }, connect);
      open.set({ kind: "websocket" }, websocket);
    },
  });
}

function addStore(registry: Registry, source: Source): void {
  gauge(registry, "sallyport_store_reachable", "1 while budgets can be checked.", () =>
    source.report?.store.reachable === true ? 1 : 0,
  );
  gauge(
    registry,
    "sallyport_store_memory_ratio",
    "Memory that the store uses, of its own limit; 0: it has none.",
    () => {
      return source.report?.store.memoryUsed;
    },
  );
  gauge(
    registry,
    "sallyport_settlements_waiting",
    "Settlements that wait for the store to be back.",
    () => {
      return source.report?.store.unsettled;
    },
  );
  gauge(registry, "sallyport_budget_holds", "Calls whose money is set aside, not settled.", () => {
    return source.report?.store.held;
  });
  addOutages(registry, source);
}

function addOutages(registry: Registry, source: Source): void {
  const policies = new Gauge({
    name: "sallyport_outage_policy",
    help: "1 for what holds while the store is away: closed, open or degrade.",
    labelNames: ["dependency", "policy"],
    registers: [registry],
    collect() {
      policies.reset();
      for (const { dependency, policy } of source.report?.store.outages ?? []) {
        const ended = policy.kind === "open" && isClosed(policy, wallMillis());
        policies.set({ dependency, policy: ended ? "closed" : policy.kind }, 1);
      }
    },
  });
  const passed = new Counter({
    name: "sallyport_outage_let_through_total",
    help: "Calls that were let through without the store.",
    labelNames: ["dependency"],
    registers: [registry],
    collect() {
      passed.reset();
      for (const { dependency, letThrough } of source.report?.store.outages ?? []) {
        passed.inc({ dependency }, letThrough);
      }
    },
  });
}

type Labels = Readonly<Record<string, string>>;

function* rows({ report }: Source): Generator<Row> {
  for (const row of report?.tallies ?? []) yield [{ upstream: row.upstream, wire: row.wire }, row];
}

function counter(
  registry: Registry,
  name: string,
  help: string,
  labels: readonly string[],
  fill: (add: (labels: Labels, value: number) => void) => void,
): void {
  const metric = new Counter({
    name,
    help,
    labelNames: ["upstream", "wire", ...labels],
    registers: [registry],
    collect() {
      metric.reset();
      fill((row, value) => metric.inc(row, value));
    },
  });
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | undefined,
): void {
  const metric = new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      metric.set(read() ?? 0);
    },
  });
}
