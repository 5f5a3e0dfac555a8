import { OWN_SERVER } from "../core/own-server.ts";
import { millis } from "../core/units.ts";
import type { Upstream } from "../core/upstream.ts";

/** Ours answers from memory and an embedded store; a person is never waited for. */
const ANSWER_TIMEOUT = millis(10_000);
const MESSAGE_BYTES_MAX = 1_048_576;

/** Sallyport's own MCP server as the data plane sees it: one more upstream, without an address. */
export const OWN_UPSTREAM: Upstream = {
  name: OWN_SERVER,
  wire: "mcp",
  transport: { kind: "own" },
  origin: `own://${OWN_SERVER}`,
  host: OWN_SERVER,
  pathPrefix: "",
  priceProvider: "",
  credential: undefined,
  allowPrivate: false,
  connectionsMax: 1,
  timeouts: {
    connect: ANSWER_TIMEOUT,
    headers: ANSWER_TIMEOUT,
    idle: ANSWER_TIMEOUT,
    total: ANSWER_TIMEOUT,
  },
  requestBytesMax: MESSAGE_BYTES_MAX,
  responseBytesMax: MESSAGE_BYTES_MAX,
  unscannable: "refuse",
};
