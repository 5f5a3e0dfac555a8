/** The one place that constructs: adapters into ports, ports into the data plane. */
import { join } from "node:path";
import type { PriceCatalogue } from "../core/money/price.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import { id, instant, type Instant, type TenantId } from "../core/units.ts";
import type { Upstream } from "../core/upstream.ts";
import { monotonicMillis, wallMillis } from "../lib/clock.ts";
import type { Ports } from "../pipeline/stages.ts";
import { createDataPlane, type DataPlane } from "../proxy/data-plane.ts";
import type { DataPlaneLimits } from "../proxy/data-plane-limits.ts";
import { createUpgradeDoor } from "../proxy/forward-upgrade.ts";
import { httpWire } from "../proxy/http/http-wire.ts";
import { anthropicWire } from "../proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../proxy/llm/openai/openai-wire.ts";
import { OwnServer } from "../proxy/mcp/own/own-server.ts";
import { createMcpWire } from "../proxy/mcp/mcp-wire.ts";
import type { WireFamily } from "../proxy/wire.ts";
import { FEDERATION } from "../proxy/mcp/federation/federation-door.ts";
import { McpTransports } from "../proxy/mcp/transport/mcp-transports.ts";
import { createGuardedConnector } from "../proxy/net/guarded-connector.ts";
import type { StandingStreams } from "../proxy/http-exchange.ts";
import type { Routes } from "../proxy/route-request.ts";
import { UpstreamPools, type ConnectorFor } from "../proxy/upstream-pools.ts";
import type { OpenLedger } from "../stores/ledger/open-ledger.ts";
import { openLedgerChain } from "./open-ledger-chain.ts";
import { CompiledSchemas } from "../stores/schemas/compiled-schemas.ts";
import { SqliteReviewStore } from "../stores/sqlite/review-store.ts";
import { createConductStore } from "../stores/memory/conduct-store.ts";
import { SqliteSessionStore } from "../stores/sqlite/session-store.ts";
import { ThreadTokenCounter } from "../stores/tokenizer/token-counter.ts";
import { LocalVault } from "../stores/vault/local-vault.ts";
import { vaultKeySource } from "../stores/vault/vault-key.ts";
import type { Config, Limits } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import type { Events } from "./events.ts";
import { openCounters, type Counters } from "./open-counters.ts";
import { openLiveDirectory } from "./open-live-directory.ts";
import { OWN_UPSTREAM } from "./own-upstream.ts";
import { VERSION } from "./version.ts";
import type { RecentRefusals } from "../operations/planning/recent-refusals.ts";
import { openDefinitions } from "./open-definitions.ts";

/** Until tenants come with the directory, there is one. */
export const TENANT = id<TenantId>("default");

export interface WireOptions {
  readonly config: Config;
  readonly environment: Environment;
  readonly events: Events;
  readonly policies: { current(): PolicySnapshot };
  readonly prices: PriceCatalogue;
  readonly refusals: RecentRefusals;
  /** Whether other processes serve from the same data directory. */
  readonly shared: boolean;
}

export interface Wired extends AsyncDisposable {
  readonly plane: DataPlane;
  readonly ledger: OpenLedger;
  readonly vault: LocalVault;
  readonly gate: { draining: boolean };
  readonly counters: Counters;
}

/** Throws the system's error where the data directory cannot be used. */
export async function wire(options: WireOptions): Promise<Wired> {
  const { config, environment, events, policies, prices, refusals, shared } = options;
  const at = (name: string): string => join(config.dataDirectory, name);
  await using started = new AsyncDisposableStack();
  const live = started.use(await openLiveDirectory({ config, events, tenant: TENANT, now }));
  const gate = { draining: false, stopped: (who: Principal) => live.stopped(who) };
  const counters = started.use(await openCounters({ config, shared, now, events }));
  const sessions = started.use(new SqliteSessionStore({ path: at("sessions.db"), shared, now }));
  const reviews = started.use(new SqliteReviewStore(at("reviews.db"), now));
  const vault = started.use(openVault(options));
  const ledger = started.use(await openLedgerChain(config, events));
  const { store: definitions } = started.use(openDefinitions(config, events, ledger, now));
  const routes = routesOf(config);
  const ports: Ports = {
    directory: live.directory,
    policies,
    sessions,
    conduct: createConductStore(),
    definitions,
    schemas: new CompiledSchemas(),
    prices,
    tokens: started.use(new ThreadTokenCounter()),
    budgets: counters.budgets,
    rates: counters.rates,
    reviews,
    ledger,
    vault,
    gate,
    observer: events,
    now,
    monotonic: monotonicMillis,
  };
  const own = new OwnServer({ upstreams: routes.upstreams, ports, refusals }, VERSION);
  const mcp = started.use(new McpTransports({ vault, environment, events, own }));
  const pools = started.use(new UpstreamPools(connectorFor, mcp, vault));
  const standing: StandingStreams = new Set();
  const plane = createDataPlane({
    ports,
    ...routes,
    wires: { ...WIRES, mcp: createMcpWire(definitions), bedrock: await bedrockWire(config) },
    pools,
    upgrades: createUpgradeDoor({ vault, connectorFor, standing }),
    standing,
    limits: dataPlaneLimits(config.limits),
    version: VERSION,
  });
  live.onChange(() => plane.stop((who) => live.whyEnded(who)));
  const owned = started.move();
  return {
    plane,
    ledger,
    vault,
    counters,
    gate,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openVault({ config, environment, events }: WireOptions): LocalVault {
  return new LocalVault({
    directory: config.dataDirectory,
    tenant: TENANT,
    key: vaultKeySource(config.vault, config.dataDirectory),
    environment,
    onFault: (fault) => events.vaultFault(fault),
  });
}

const WIRES = {
  http: httpWire,
  openai: openaiWire,
  anthropic: anthropicWire,
  gemini: geminiWire,
} as const;

/** Its codec is loaded for those who use it; nobody asks the other one. */
async function bedrockWire({ upstreams }: Config): Promise<WireFamily> {
  if (!upstreams.some(({ wire: spoken }) => spoken === "bedrock")) return httpWire;
  return (await import("../proxy/llm/bedrock/bedrock-wire.ts")).loadBedrockWire();
}

function now(): Instant {
  return instant(wallMillis());
}

const connectorFor: ConnectorFor = ({ allowPrivate, timeouts }: Upstream) =>
  createGuardedConnector({ allowPrivate, connectTimeout: timeouts.connect });

function routesOf(config: Config): Routes {
  const all = [...config.upstreams, OWN_UPSTREAM];
  const upstreams = new Map(all.map((upstream) => [upstream.name, upstream]));
  return { upstreams, federation: FEDERATION, hosts: hostsOf(config) };
}

/**
 * On loopback no name but localhost is answered, so that a web page cannot reach the gateway
 * through a name of its own. Elsewhere names are the operator's business.
 */
function hostsOf({ listen: { host } }: Config): ReadonlySet<string> | undefined {
  const loopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  return loopback ? new Set() : undefined;
}

function dataPlaneLimits(limits: Limits): DataPlaneLimits {
  return {
    headerBytesMax: limits.headerBytesMax,
    headersTimeout: limits.headersTimeout,
    keepAlive: limits.keepAlive,
    connectionsMax: limits.connectionsMax,
    requestsPerConnectionMax: limits.requestsPerConnectionMax,
    readStall: limits.readStall,
    body: {
      idle: limits.bodyIdle,
      grace: limits.bodyGrace,
      bytesPerSecondMin: limits.bodyBytesPerSecondMin,
    },
  };
}
