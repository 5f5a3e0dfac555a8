import { join } from "node:path";
import type { RequestStateStore } from "../../core/session/request-states.ts";
import type { SessionClientStore } from "../../core/session/session-clients.ts";
import type { SessionOwnerStore } from "../../core/session/session-owners.ts";
import type { Instant } from "../../core/units.ts";
import { SqliteMcpSessions } from "../../stores/sqlite/mcp-session-store.ts";
import { SqliteRequestStates } from "../../stores/sqlite/request-state-store.ts";
import type { Config } from "../config/config.ts";
import type { SharedRedis } from "./open-shared-redis.ts";

export interface McpStores {
  readonly sessions: SessionOwnerStore & SessionClientStore;
  readonly states: RequestStateStore;
}

/** Throws the system's error where a file cannot be opened. */
export async function openMcpStores(
  { dataDirectory }: Pick<Config, "dataDirectory">,
  redis: SharedRedis | undefined,
  now: () => Instant,
  started: AsyncDisposableStack,
): Promise<McpStores> {
  const local = started.use(new SqliteMcpSessions(join(dataDirectory, "mcp-sessions.db"), now));
  if (redis === undefined) {
    const path = join(dataDirectory, "mcp-states.db");
    return { sessions: local, states: started.use(new SqliteRequestStates(path, now)) };
  }
  const { RedisMcpSessions } = await import("../../stores/redis/mcp-session-store.ts");
  const { RedisRequestStates } = await import("../../stores/redis/request-state-store.ts");
  return { sessions: new RedisMcpSessions(local, redis), states: new RedisRequestStates(redis) };
}
