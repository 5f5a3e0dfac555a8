/** Sallyport's own MCP server: where an agent plans within its bounds. */
import { id, type UpstreamName } from "./units.ts";

/** Reserved among the names of upstreams; agents reach it at `/mcp/sallyport`. */
export const OWN_SERVER: UpstreamName = id("sallyport");

/** Spends money, so that, unlike its neighbours, it needs a rule. */
export const AUTHORIZE_SPEND = "authorize_spend";

/** Waits for a person, so that, unlike its neighbours, it may be a task. */
export const REQUEST_APPROVAL = "request_approval";
