/** A running data plane in this process: started, reported on, reloaded, drained. */
import { setTimeout as pause } from "node:timers/promises";
import type { DestinationFeeds } from "../core/destination/feed.ts";
import type { Ledger } from "../core/ledger/ledger.ts";
import type { UsageStore } from "../core/money/usage-report.ts";
import { borrowersOf } from "../core/secret/borrowers.ts";
import type { Problem } from "../core/problem.ts";
import { RecentRefusals } from "../operations/planning/recent-refusals.ts";
import { id, type ExchangeId } from "../core/units.ts";
import { wallMillis } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import type { Config } from "./config/config.ts";
import { prepareDataDirectory } from "./ports/data-directory.ts";
import type { Environment } from "./config/environment.ts";
import { createEvents, type Events, type Listener } from "./observe/events.ts";
import { openListener } from "./listeners/http-listener.ts";
import type { GatewayReport } from "./observe/gateway-report.ts";
import { openLiveDirectory, type OpenLiveDirectory } from "./ports/open-live-directory.ts";
import { keepOrders } from "./ports/keep-orders.ts";
import { openConfiguredRedis } from "./ports/open-shared-redis.ts";
import type { Log } from "./observe/logger.ts";
import { notifyingListener, openNotifier } from "./observe/notifications.ts";
import { PolicyFault } from "./policies/policy-fault.ts";
import { openFeedSource, type FeedSource } from "./feeds/feed-source.ts";
import { openJudge, type OpenJudge } from "./ports/open-judge.ts";
import { openPriceSource, type PriceSource } from "./prices/price-source.ts";
import { openPolicySource, type PolicySource } from "./policies/policy-source.ts";
import { findDeadEnforcers, findIdleLimits } from "./policies/unenforced-limits.ts";
import { startListening } from "./listeners/start-listening.ts";
import { startTracing } from "./observe/start-tracing.ts";
import { SqliteSecretUses } from "../stores/sqlite/secret-use-store.ts";
import { personalFile, SqlitePersonalStore } from "../stores/sqlite/personal-store.ts";
import { SqliteUsageStore, type IsErased } from "../stores/sqlite/usage-store.ts";
import { secretUseListener, secretUsesPath } from "./observe/secret-use-listener.ts";
import { usageListener, usagePath } from "./observe/usage-listener.ts";
import { readToolSchemas } from "./policies/tool-schemas.ts";
import { createTally } from "./observe/tally.ts";
import type { CrewPlace } from "./workers/worker-messages.ts";
import { warmUp } from "./warm-up.ts";
import { wire, type Wired } from "./wire.ts";
import { now } from "./now.ts";

export interface GatewayOptions {
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Log;
  readonly listeners: readonly Listener[];
  /** Undefined where no other process serves from the same data directory. */
  readonly crew: CrewPlace | undefined;
}

export interface Gateway {
  /** Where agents reach it. */
  readonly url: string;
  /** This process's chain: what operators change is recorded beside the traffic. */
  readonly ledger: Ledger;
  /** What its closed exchanges add up to. */
  readonly usage: UsageStore;
  feeds(): DestinationFeeds;
  /** See `IdentityPorts.heard`. */
  follow(): Promise<void>;
  report(): GatewayReport;
  /** Reads policies and prices again; the last good ones stay if the new ones have problems. */
  reload(): void;
  /** Takes no more, finishes what runs up to `drain_ms`, seals the record. */
  stop(): Promise<void>;
}

/** After the limit, what is cut gets this long to put its outcome on the record. */
const CUT_GRACE_MS = 2000;

/**
 * Throws PolicyFault, PriceFault or FeedFault for files that do not load, and the system's error for
 * a data directory or a port that cannot be had.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { environment, log, crew } = options;
  prepareDataDirectory(options.config.dataDirectory);
  await using started = new AsyncDisposableStack();
  const traced = await tracedToo(options, started);
  const tally = createTally();
  const refusals = new RecentRefusals();
  const sums = countersOf(options.config, log, started);
  const notifier = started.use(openNotifier(options.config, log));
  const told = [...traced, refusals.note, ...sums.listeners, notifyingListener(notifier)];
  const events = createEvents(log, tally, told, notifier);
  const { config, judge } = openJudge(options.config, events);
  const redis = await openConfiguredRedis(config, events, started);
  const live = started.use(await openLiveDirectory({ config, events, notifier, now, redis }));
  const { feeds, policies, prices } = openFiles({ config, live, events }, started);
  const listener = started.use(
    await openListener(config.listen, (fault) => events.certificateRefused(fault)),
  );
  const wired = started.use(
    await wire({
      config,
      createServer: (options) => listener.create(options),
      environment,
      events,
      live,
      policies,
      prices: prices.catalogue,
      judge,
      refusals,
      crew,
      notifier,
      redis,
    }),
  );
  started.use(keepOrders({ config, live, redis, ledger: wired.ledger, log, crew }));
  await testLimits(policies, wired);
  const url = await startListening(wired.plane.server, config.listen, listener, crew);
  events.listening("data plane", url);
  judge?.listensAt(url);
  warmUp(policies.current(), prices.catalogue, config);
  await prepareCredentials(wired, config, events);
  const owned = started.move();
  return {
    url,
    ledger: wired.ledger,
    usage: sums.usage,
    feeds: () => feeds.current(),
    follow: () => follow([live, wired.vault]),
    report: () => reportOf(wired, { policies, prices, judge }, events, tally.rows()),
    reload() {
      for (const source of [listener, feeds, policies, prices]) source.reload();
    },
    async stop() {
      await drain(wired, config, events);
      await owned.disposeAsync();
    },
  };
}

async function tracedToo(
  { listeners, environment, log }: GatewayOptions,
  started: AsyncDisposableStack,
): Promise<readonly Listener[]> {
  const tracing = await startTracing(environment, (cause) => log.warn({ cause }, "tracing"));
  if (tracing === undefined) return listeners;
  started.defer(() => tracing.stop());
  return [...listeners, tracing.closed];
}

/** The directory is waited for no longer than it says; a key may have to be unwrapped elsewhere. */
const FOLLOW_WAIT_MS = 1000;

async function follow(followed: readonly { follow(): Promise<void> }[]): Promise<void> {
  const all = Promise.all(followed.map((one) => one.follow()));
  await Promise.race([all, pause(FOLLOW_WAIT_MS, undefined, { ref: false })]);
}

/** What closed exchanges add up to, on disk: reports of usage, uses of secrets. */
function countersOf(config: Config, log: Log, started: AsyncDisposableStack): Counters {
  const onFault = (cause: unknown): void =>
    log.error({ cause: String(cause) }, "usage and uses of secrets cannot be counted");
  const personal = started.use(
    new SqlitePersonalStore(personalFile(config.dataDirectory), onFault),
  );
  const isErased: IsErased = (tenant, user) => personal.isErased(tenant, user);
  const usage = started.use(new SqliteUsageStore(usagePath(config), onFault, isErased));
  const uses = started.use(new SqliteSecretUses(secretUsesPath(config), onFault));
  return { usage, listeners: [usageListener(usage), secretUseListener(uses)] };
}

interface Counters {
  readonly usage: UsageStore;
  readonly listeners: readonly Listener[];
}

interface FileParts {
  readonly config: Config;
  readonly live: OpenLiveDirectory;
  readonly events: Events;
}

/** Throws FeedFault, PolicyFault or PriceFault for those that do not load. */
function openFiles({ config, live, events }: FileParts, started: AsyncDisposableStack) {
  const feeds = started.use(openFeedSource(config.feeds, events));
  const policies = started.use(policiesOf(config, { live, feeds }, events));
  const prices = started.use(openPriceSource(config.prices, events));
  return { feeds, policies, prices };
}

interface PolicyParts {
  readonly live: OpenLiveDirectory;
  readonly feeds: FeedSource;
}

/** Throws PolicyFault where they do not load. */
function policiesOf(config: Config, { live, feeds }: PolicyParts, events: Events): PolicySource {
  const policies = openPolicySource({
    directory: config.policiesDirectory,
    bundles: () => live.policySources(),
    events,
    check: (limits) => findIdleLimits(limits, config.upstreams),
    tools: () => readToolSchemas(config),
    feeds: () => feeds.current(),
  });
  live.onChange(() => policies.refresh());
  feeds.onChange(() => policies.reload());
  return policies;
}

/** Asked for twice: what other services keep has come by the second time, or will not. */
async function prepareCredentials(
  { vault }: Wired,
  { upstreams }: Config,
  events: Events,
): Promise<void> {
  const borrowers = upstreams.flatMap(borrowersOf);
  vault.prepare(borrowers);
  await vault.settled();
  for (const refusal of vault.prepare(borrowers)) events.credentialMissing(refusal);
}

/** Throws PolicyFault for limits that no store enforces. */
async function testLimits({ limits, sources }: PolicySource, { counters }: Wired): Promise<void> {
  // A store that is away answers as the outage table says, which may be yes to everything.
  if (!counters.report().reachable) return;
  const exchange = id<ExchangeId>(newId("exc", wallMillis()));
  const dead = await findDeadEnforcers(
    limits,
    { store: counters.budgets, rates: counters.rates },
    exchange,
  );
  if (dead.length > 0) throw new PolicyFault(dead, sources);
}

async function drain({ plane, gate }: Wired, { limits }: Config, events: Events): Promise<void> {
  gate.draining = true;
  events.draining(plane.running, limits.drain);
  plane.server.close();
  plane.server.closeIdleConnections();
  plane.dismiss();
  const limit = new AbortController();
  const finished = plane.idle().finally(() => limit.abort());
  await Promise.race([finished, pause(limits.drain, undefined, limit).catch(() => undefined)]);
  const cut = plane.running;
  plane.cut();
  if (cut > 0) await Promise.race([finished, pause(CUT_GRACE_MS, undefined, { ref: false })]);
  events.stopped(cut);
}

interface Reported {
  readonly policies: PolicySource;
  readonly prices: PriceSource;
  readonly judge: OpenJudge["judge"];
}

function reportOf(
  { plane, gate, ledger, counters }: Wired,
  { policies, prices, judge }: Reported,
  events: Events,
  tallies: GatewayReport["tallies"],
): GatewayReport {
  const { digest, ruleCount } = policies.current();
  return {
    ready: plane.server.listening,
    draining: gate.draining,
    running: plane.running,
    tunnels: plane.tunnels(),
    bugs: events.bugs,
    turnedAway: new Map(events.requestsTurnedAway),
    budgets: new Map(events.budgetCounts),
    policy: {
      digest,
      rules: ruleCount,
      accepted: policies.accepted,
      refused: policies.refused,
      problems: policies.problems.map(oneLine),
    },
    prices: {
      catalogue: prices.catalogue.version,
      problems: prices.problems.map(oneLine),
    },
    ledgerHealthy: ledger.healthy,
    judge: judge?.report(),
    store: counters.report(),
    tallies,
  };
}

function oneLine({ file, line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}
