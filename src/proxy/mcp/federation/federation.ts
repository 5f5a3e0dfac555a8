import { id, millis } from "../../../core/units.ts";
import { OVER_HTTP, type Upstream } from "../../../core/upstream.ts";

const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** What stands where the upstream of an exchange stands, for those that have none. */
export const FEDERATION: Upstream = {
  name: id("mcp"),
  wire: "mcp",
  transport: OVER_HTTP,
  origin: "http://mcp.invalid",
  host: "mcp.invalid",
  pathPrefix: "",
  priceProvider: "",
  credential: undefined,
  allowPrivate: false,
  connectionsMax: 1,
  timeouts: { connect: millis(0), headers: millis(0), idle: millis(0), total: millis(0) },
  requestBytesMax: BODY_BYTES_MAX,
  responseBytesMax: BODY_BYTES_MAX,
  unscannable: "refuse",
};
