import { Pool, type buildConnector } from "undici";
import type { Upstream } from "../core/upstream.ts";
import type { UpstreamTransport } from "./upstream-transport.ts";

/** How a socket to an upstream is opened: DNS pinned, addresses guarded (src/proxy/net). */
export type ConnectorFor = (upstream: Upstream) => buildConnector.connector;

/** What speaks MCP to upstreams; `pool` opens HTTP connections. */
export interface McpWays {
  to(upstream: Upstream, pool: () => Pool): UpstreamTransport;
}

const KEEP_ALIVE_MS = 4_000;
const HEADER_BYTES_MAX = 65_536;

/** One way to each upstream, opened on first use; the only owner of undici pools. */
export class UpstreamPools implements AsyncDisposable {
  readonly #transports = new Map<Upstream, UpstreamTransport>();
  readonly #connectorFor: ConnectorFor;
  readonly #mcp: McpWays;

  constructor(connectorFor: ConnectorFor, mcp: McpWays) {
    this.#connectorFor = connectorFor;
    this.#mcp = mcp;
  }

  transport(upstream: Upstream): UpstreamTransport {
    const open = this.#transports.get(upstream);
    if (open !== undefined) return open;
    const transport =
      upstream.wire === "mcp"
        ? this.#mcp.to(upstream, () => this.#pool(upstream))
        : this.#pool(upstream);
    this.#transports.set(upstream, transport);
    return transport;
  }

  #pool(upstream: Upstream): Pool {
    return new Pool(upstream.origin, {
      connect: this.#connectorFor(upstream),
      connections: upstream.connectionsMax,
      pipelining: 1,
      headersTimeout: upstream.timeouts.headers,
      bodyTimeout: upstream.timeouts.idle,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
    this.#transports.clear();
  }
}
