import { Pool, type buildConnector } from "undici";
import type { Upstream } from "../core/upstream.ts";

/** How a socket to an upstream is opened: DNS pinned, addresses guarded (src/proxy/net). */
export type ConnectorFor = (upstream: Upstream) => buildConnector.connector;

const KEEP_ALIVE_MS = 4_000;
const HEADER_BYTES_MAX = 65_536;

/** One connection pool an upstream, opened on first use; the only owner of undici pools. */
export class UpstreamPools implements AsyncDisposable {
  readonly #pools = new Map<Upstream, Pool>();
  readonly #connectorFor: ConnectorFor;

  constructor(connectorFor: ConnectorFor) {
    this.#connectorFor = connectorFor;
  }

  pool(upstream: Upstream): Pool {
    const open = this.#pools.get(upstream);
    if (open !== undefined) return open;
    const pool = new Pool(upstream.origin, {
      connect: this.#connectorFor(upstream),
      connections: upstream.connectionsMax,
      pipelining: 1,
      headersTimeout: upstream.timeouts.headers,
      bodyTimeout: upstream.timeouts.idle,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
    });
    this.#pools.set(upstream, pool);
    return pool;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    this.#pools.clear();
  }
}
