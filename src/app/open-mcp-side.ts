/** What the gateway opens where there are MCP servers: the only module that constructs for them. */
import type { Millis } from "../core/units.ts";
import type { HostPlaces } from "../operations/planning/check-permission.ts";
import type { RecentRefusals } from "../operations/planning/recent-refusals.ts";
import type { BodyLimits } from "../proxy/data-plane-limits.ts";
import { createMcpSide } from "../proxy/mcp/create-mcp-side.ts";
import type { McpHost, McpSide } from "../proxy/mcp/mcp-on-demand.ts";
import { createMcpWire } from "../proxy/mcp/mcp-wire.ts";
import { ListNews } from "../proxy/mcp/news/list-news.ts";
import { OwnServer } from "../proxy/mcp/own/own-server.ts";
import type { Peers } from "../proxy/mcp/peers/peers.ts";
import { TaskDesk } from "../proxy/mcp/tasks/task-desk.ts";
import { McpTransports } from "../proxy/mcp/transport/mcp-transports.ts";
import type { Routes } from "../proxy/route-request.ts";
import type { Environment } from "./config/environment.ts";
import type { Events } from "./observe/events.ts";
import type { OpenLiveDirectory } from "./ports/open-live-directory.ts";
import type { OpenPorts } from "./ports/open-ports.ts";
import type { SharedRedis } from "./ports/open-shared-redis.ts";
import { openMcpStores } from "./ports/open-mcp-stores.ts";
import { openTaskStore } from "./ports/open-task-store.ts";
import { VERSION } from "./version.ts";

export interface McpSideOptions {
  readonly opened: Pick<OpenPorts, "ports" | "vault">;
  readonly redis: SharedRedis | undefined;
  readonly dataDirectory: string;
  readonly environment: Environment;
  readonly events: Events;
  readonly live: OpenLiveDirectory;
  readonly refusals: RecentRefusals;
  readonly routes: Routes;
  readonly hosts: HostPlaces | undefined;
  readonly peers: Peers;
  readonly body: BodyLimits;
  readonly watchEvery: Millis | undefined;
}

/** Throws the system's error where the data directory cannot be used. */
export async function openMcpSide(options: McpSideOptions, host: McpHost): Promise<McpSide> {
  await using started = new AsyncDisposableStack();
  const { opened, dataDirectory, routes, hosts, peers, live, refusals, body, watchEvery } = options;
  const { ports, vault } = opened;
  const now = () => ports.now();
  const { redis } = options;
  const { sessions, states } = await openMcpStores({ dataDirectory }, redis, now, started);
  const { policies, definitions } = ports;
  const news = new ListNews(() => {
    const servers = live.upstreams();
    return { policy: policies.current(), definitions: definitions.revision, servers };
  });
  const store = await openTaskStore({ dataDirectory }, redis, now, started);
  const tasks = new TaskDesk({ ...ports, store, clients: sessions });
  const { upstreams, members, federation, login } = routes;
  const own = new OwnServer({ places: { upstreams, hosts }, ports, refusals, tasks }, VERSION);
  const { environment, events } = options;
  const ways = started.use(
    new McpTransports({ vault, environment, events, own, peers, owners: sessions, news, tasks }),
  );
  const wire = createMcpWire({ definitions, states, login, tasks });
  const inner = { ports, wire, federation, login, peers, news, tasks, ...host };
  const side = createMcpSide({ inner, members, ways, body, version: VERSION, watchEvery });
  started.defer(() => side.dismiss());
  const owned = started.move();
  return { ...side, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
