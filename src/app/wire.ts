/** The one place that constructs: ports into the data plane, and what it speaks. */
import { join } from "node:path";
import { createDataPlane, type DataPlane, type DataPlaneOptions } from "../proxy/data-plane.ts";
import type { DataPlaneLimits } from "../proxy/data-plane-limits.ts";
import { createUpgradeDoor } from "../proxy/upgrade/forward-upgrade.ts";
import type { StandingStreams } from "../proxy/http-exchange.ts";
import { httpWire } from "../proxy/http/http-wire.ts";
import { anthropicWire } from "../proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../proxy/llm/openai/openai-wire.ts";
import { FEDERATION } from "../proxy/mcp/federation/federation-door.ts";
import { ProtectedResource } from "../proxy/mcp/protected-resource.ts";
import { createMcpWire } from "../proxy/mcp/mcp-wire.ts";
import { OwnServer } from "../proxy/mcp/own/own-server.ts";
import { ListNews } from "../proxy/mcp/news/list-news.ts";
import type { PeerLinks } from "../proxy/mcp/peers/peer-links.ts";
import { ALONE } from "../proxy/mcp/peers/peers.ts";
import { TaskDesk } from "../proxy/mcp/tasks/task-desk.ts";
import { McpTransports } from "../proxy/mcp/transport/mcp-transports.ts";
import { createGuardedConnector } from "../proxy/net/guarded-connector.ts";
import type { Routes } from "../proxy/route-request.ts";
import { UpstreamPools, type ConnectorFor } from "../proxy/upstream-pools.ts";
import type { WireFamily } from "../proxy/wire.ts";
import type { Upstream } from "../core/upstream.ts";
import type { RecentRefusals } from "../operations/planning/recent-refusals.ts";
import { SqliteRequestStates } from "../stores/sqlite/request-state-store.ts";
import { SqliteSessionOwners } from "../stores/sqlite/session-owner-store.ts";
import type { Config, Limits } from "./config/config.ts";
import type { CrewPlace } from "./workers/worker-messages.ts";
import { openPorts, type OpenPorts, type PortsOptions } from "./ports/open-ports.ts";
import { createUpstreamRoster, type UpstreamRoster } from "./upstream-roster.ts";
import { VERSION } from "./version.ts";

export interface WireOptions extends Omit<PortsOptions, "shared"> {
  readonly createServer: DataPlaneOptions["createServer"];
  /** Undefined where no other process serves from the same data directory. */
  readonly crew: CrewPlace | undefined;
  readonly refusals: RecentRefusals;
}

export interface Wired
  extends AsyncDisposable, Pick<OpenPorts, "ledger" | "vault" | "counters" | "gate"> {
  readonly plane: DataPlane;
}

/** Throws the system's error where the data directory cannot be used. */
export async function wire(options: WireOptions): Promise<Wired> {
  await using started = new AsyncDisposableStack();
  const opened = started.use(await openPorts({ ...options, shared: options.crew !== undefined }));
  const { ledger, vault, counters, gate } = opened;
  const plane = await openPlane(options, opened, started);
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

async function openPlane(
  { config, environment, events, live, refusals, crew, createServer }: WireOptions,
  { ports, vault, tasks: taskStore }: OpenPorts,
  started: AsyncDisposableStack,
): Promise<DataPlane> {
  const roster = createUpstreamRoster(config, () => live.upstreams());
  const routes = routesOf(config, roster);
  const links = crew === undefined ? undefined : started.use(await linksOf(crew));
  const peers = links ?? ALONE;
  const owners = started.use(
    new SqliteSessionOwners(join(config.dataDirectory, "mcp-sessions.db"), () => ports.now()),
  );
  const states = started.use(
    new SqliteRequestStates(join(config.dataDirectory, "mcp-states.db"), () => ports.now()),
  );
  const { policies, definitions } = ports;
  const news = new ListNews(() => {
    const servers = live.upstreams();
    return { policy: policies.current(), definitions: definitions.revision, servers };
  });
  const tasks = new TaskDesk({ ...ports, store: taskStore });
  const own = new OwnServer({ upstreams: routes.upstreams, ports, refusals, tasks }, VERSION);
  const ways = { vault, environment, events, own, peers, owners, news, tasks };
  const mcp = started.use(new McpTransports(ways));
  const pools = started.use(new UpstreamPools(connectorFor, mcp, vault));
  await links?.listen((name) => {
    const upstream = routes.upstreams.get(name);
    if (upstream !== undefined) pools.transport(upstream);
  });
  const standing: StandingStreams = new Set();
  const plane = createDataPlane({
    ports,
    ...routes,
    wires: {
      ...WIRES,
      mcp: createMcpWire({ definitions, states, login: routes.login, tasks }),
      bedrock: await bedrockWire(config),
    },
    pools,
    upgrades: createUpgradeDoor({ vault, connectorFor, standing }),
    standing,
    limits: dataPlaneLimits(config.limits),
    createServer,
    holdMax: config.reviews.holdMax,
    peers,
    news,
    tasks,
    version: VERSION,
  });
  live.onChange(() => {
    plane.stop((who) => live.whyEnded(who));
    for (const gone of roster.refresh()) void pools.retire(gone);
  });
  return plane;
}

const WIRES = {
  http: httpWire,
  openai: openaiWire,
  anthropic: anthropicWire,
  gemini: geminiWire,
} as const;

/** Loaded by those who have peers. */
async function linksOf(crew: CrewPlace): Promise<PeerLinks> {
  const { PeerLinks } = await import("../proxy/mcp/peers/peer-links.ts");
  return new PeerLinks(crew);
}

/** Its codec is loaded for those who use it; nobody asks the other one. */
async function bedrockWire({ upstreams }: Config): Promise<WireFamily> {
  if (!upstreams.some(({ wire: spoken }) => spoken === "bedrock")) return httpWire;
  return (await import("../proxy/llm/bedrock/bedrock-wire.ts")).loadBedrockWire();
}

const connectorFor: ConnectorFor = ({ allowPrivate, timeouts }: Upstream) =>
  createGuardedConnector({ allowPrivate, connectTimeout: timeouts.connect });

function routesOf(config: Config, { upstreams, members }: UpstreamRoster): Routes {
  const login = new ProtectedResource(
    config.tokenIssuers,
    config.publicUrl,
    config.listen.tls === undefined ? "http" : "https",
  );
  return { upstreams, members, federation: FEDERATION, login, hosts: hostsOf(config) };
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
