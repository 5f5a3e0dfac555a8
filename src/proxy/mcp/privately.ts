import { MCP_METHOD_CLASSES, type McpMethod } from "../../core/action-classes.ts";
import type { JsonObject } from "../../core/json.ts";

/**
 * How long a client may keep a list. Long enough to be of use, short enough that a change of
 * policy shows; what is called is judged anew anyway.
 */
const CACHE_TTL_MAX_MS = 10_000;

/** What this principal may see, another may not: no shared cache, and not for long. */
export function privately(result: JsonObject, method: McpMethod): JsonObject {
  if (MCP_METHOD_CLASSES[method] !== "list") return result;
  const { cacheScope, ttlMs } = result;
  const lasting = typeof ttlMs === "number" && ttlMs > CACHE_TTL_MAX_MS;
  if (!lasting && (cacheScope === "private" || cacheScope === undefined)) return result;
  return { ...result, cacheScope: "private", ...(lasting && { ttlMs: CACHE_TTL_MAX_MS }) };
}
