import type { HttpSpecial } from "./action.ts";
import { id, type UpstreamName } from "./units.ts";

/** What stands in rules and records for all hosts that agents reach by the forward proxy. */
export const FORWARD_PROXY: UpstreamName = id("forward-proxy");

/** Why a rule must name the host; undefined for a call to any other upstream. */
export function specialOfForwarded(upstream: string, method: string): HttpSpecial | undefined {
  if (upstream !== FORWARD_PROXY) return undefined;
  return method === "CONNECT" ? "tunnel" : "forwarded";
}
