import { id, millis } from "../../core/units.ts";
import { OVER_HTTP, type Upstream, type Wire } from "../../core/upstream.ts";
import type { Config } from "../config/config.ts";
import { DEMO_PROVIDER, withDemoPrice } from "./demo-price.ts";

/** Where the two demo servers listen: origins of this machine. */
export interface DemoUrls {
  /** The OpenAI-shaped model. */
  readonly model: string;
  /** The MCP server, with its path. */
  readonly tools: string;
}

const BODY_BYTES_MAX = 1_048_576;
const CONNECTIONS_MAX = 64;

/** Adds `demo` and `tools` to what is configured, and a price for their model. */
export function withDemoUpstreams(config: Config, urls: DemoUrls): Config {
  return {
    ...withDemoPrice(config),
    upstreams: [
      ...config.upstreams,
      demoUpstream("demo", "openai", new URL(urls.model)),
      demoUpstream("tools", "mcp", new URL(urls.tools)),
    ],
  };
}

function demoUpstream(name: string, wire: Wire, url: URL): Upstream {
  return {
    name: id(name),
    wire,
    transport: OVER_HTTP,
    origin: url.origin,
    host: url.host,
    pathPrefix: url.pathname === "/" ? "" : url.pathname,
    priceProvider: DEMO_PROVIDER,
    credential: undefined,
    allowPrivate: true,
    connectionsMax: CONNECTIONS_MAX,
    timeouts: {
      connect: millis(2000),
      headers: millis(10_000),
      idle: millis(60_000),
      total: millis(300_000),
    },
    requestBytesMax: BODY_BYTES_MAX,
    responseBytesMax: BODY_BYTES_MAX,
    unscannable: "refuse",
  };
}
