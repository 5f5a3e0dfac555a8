import { sha256Hex } from "../../lib/canonical-json.ts";
import type { RedisKeys } from "./redis-keys.ts";

/** Of a hash's start: so many places that the nodes of a cluster share them evenly. */
const PLACE_CHARS = 2;

/** Hashed: an id is all that a session asks for, and others may read this Redis. */
export function mcpPlace(keys: RedisKeys, kind: "session" | "state", name: string): string {
  const hash = sha256Hex(name);
  return `${keys.place(`mcp-${hash.slice(0, PLACE_CHARS)}`)}${kind}:${hash}`;
}
