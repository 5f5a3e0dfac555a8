/** The one place that constructs: ports into the data plane, and what it speaks. */
import { createDataPlane, type DataPlane, type DataPlaneOptions } from "../proxy/data-plane.ts";
import type { DataPlaneLimits } from "../proxy/data-plane-limits.ts";
import { createUpgradeDoor } from "../proxy/upgrade/forward-upgrade.ts";
import type { StandingStreams } from "../proxy/http-exchange.ts";
import type { ForwardProxy } from "../proxy/forward-proxy/forward-proxy.ts";
import type { Mark } from "../proxy/mark-session.ts";
import { httpWire } from "../proxy/http/http-wire.ts";
import { anthropicWire } from "../proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../proxy/llm/openai/openai-wire.ts";
import { FEDERATION } from "../proxy/mcp/federation/federation.ts";
import { McpOnDemand, type McpSide } from "../proxy/mcp/mcp-on-demand.ts";
import { ProtectedResource } from "../proxy/mcp/protected-resource.ts";
import type { PeerLinks } from "../proxy/mcp/peers/peer-links.ts";
import { ALONE, type Peers } from "../proxy/mcp/peers/peers.ts";
import type { Routes } from "../proxy/route-request.ts";
import { UpstreamPools } from "../proxy/upstream-pools.ts";
import type { WireFamily } from "../proxy/wire.ts";
import { isThisMachine } from "../lib/is-this-machine.ts";
import type { RecentRefusals } from "../operations/planning/recent-refusals.ts";
import type { Config, Limits } from "./config/config.ts";
import type { CrewPlace } from "./workers/worker-messages.ts";
import { openPorts, type OpenPorts, type PortsOptions } from "./ports/open-ports.ts";
import { checkAuthorities, connectorFor } from "./upstream-connector.ts";
import { unwelcome } from "./unwelcome.ts";
import { createUpstreamRoster, type UpstreamRoster } from "./upstream-roster.ts";

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
  options: WireOptions,
  opened: OpenPorts,
  started: AsyncDisposableStack,
): Promise<DataPlane> {
  const { config, live, crew, createServer } = options;
  const { ports, vault } = opened;
  checkAuthorities(config.upstreams);
  const roster = createUpstreamRoster(
    config,
    () => live.upstreams(),
    ({ tenant, record }, [problem]) =>
      options.events.upstreamDropped(tenant, record.name, problem?.message ?? ""),
  );
  const routes = routesOf(config, roster);
  const limits = dataPlaneLimits(config.limits);
  const links = crew === undefined ? undefined : started.use(await linksOf(crew));
  const mark: Mark = (principal, marks) => ports.sessions.mark(principal, marks);
  const forward = await forwardProxyOf(config, roster.upstreams, mark);
  const around = { routes, hosts: forward, limits, peers: links ?? ALONE };
  const mcp = started.use(mcpOnDemand(options, opened, around));
  const pools = started.use(new UpstreamPools(connectorFor, mcp, vault));
  const standing: StandingStreams = new Set();
  const { http, ...models } = WIRES;
  const plane = createDataPlane({
    ports,
    ...routes,
    forward,
    wires: { ...models, http: forward?.wire ?? http, bedrock: await bedrockWire(config) },
    mcp,
    pools,
    upgrades: createUpgradeDoor({ vault, connectorFor, standing, mark }),
    standing,
    limits,
    createServer,
    holdMax: config.reviews.holdMax,
  });
  if (links !== undefined || roster.hasServers) await mcp.load();
  await links?.listen((name) => {
    const upstream = routes.upstreams.get(name);
    if (upstream !== undefined) pools.transport(upstream);
  });
  live.onChange(() => {
    plane.stop((who) => live.whyEnded(who));
    plane.review((shown) => unwelcome(shown, ports));
    for (const gone of roster.refresh()) void pools.retire(gone);
    // What hinders it is told to whoever asks for a server, and to the log.
    if (roster.hasServers) void mcp.load().then(lookAgain, () => {});
  });
  return plane;
}

const lookAgain = (side: McpSide): void => side.look();

interface McpSurroundings {
  readonly routes: Routes;
  readonly hosts: ForwardProxy | undefined;
  readonly limits: DataPlaneLimits;
  readonly peers: Peers;
}

function mcpOnDemand(
  { config, environment, events, live, refusals, crew, redis }: WireOptions,
  opened: OpenPorts,
  { routes, hosts, limits: { body }, peers }: McpSurroundings,
): McpOnDemand {
  const { dataDirectory, definitions } = config;
  // One process of a crew is enough to read lists: the others learn from its pins.
  const watches = definitions.refresh > 0 && (crew?.slot ?? 0) === 0;
  const watchEvery = watches ? definitions.refresh : undefined;
  const own = { dataDirectory, environment, events, live, refusals, redis };
  const parts = { opened, ...own, routes, hosts, peers, body, watchEvery };
  return new McpOnDemand(async (host) => {
    const { openMcpSide } = await import("./open-mcp-side.ts");
    return openMcpSide(parts, host);
  });
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

/** Loaded by those who have it. */
async function forwardProxyOf(
  { forwardProxy: settings, publicUrl, listen }: Config,
  upstreams: UpstreamRoster["upstreams"],
  mark: Mark,
): Promise<ForwardProxy | undefined> {
  if (settings === undefined) return undefined;
  const { createForwardProxy } = await import("../proxy/forward-proxy/forward-proxy.ts");
  const scheme = listen.tls === undefined ? "http" : "https";
  const own = listen.port === 0 ? "" : `${scheme}://${listen.host}:${listen.port}`;
  const base = publicUrl ?? own;
  return createForwardProxy({ settings, upstreams, connectorFor, base, mark });
}

function routesOf(config: Config, { upstreams, members }: UpstreamRoster): Routes {
  const login = new ProtectedResource(
    config.tokenIssuers,
    config.publicUrl,
    config.listen.tls === undefined ? "http" : "https",
  );
  return { upstreams, members, federation: FEDERATION, login, hosts: hostsOf(config) };
}

/**
 * On loopback no name is answered but localhost and those that the operator lists, so that a web
 * page cannot reach the gateway through a name of its own. Elsewhere all are, unless some are listed.
 */
function hostsOf({ listen, listenNames }: Config): ReadonlySet<string> | undefined {
  return isThisMachine(listen.host) || listenNames.length > 0 ? new Set(listenNames) : undefined;
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
