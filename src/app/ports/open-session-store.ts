import { join } from "node:path";
import type { SessionStore } from "../../core/session/session.ts";
import { SqliteSessionStore } from "../../stores/sqlite/session-store.ts";
import type { Config } from "../config/config.ts";
import type { SharedRedis } from "./open-shared-redis.ts";
import { now } from "../now.ts";

/** Throws the system's error where the file cannot be opened. */
export async function openSessionStore(
  config: Config,
  redis: SharedRedis | undefined,
  started: AsyncDisposableStack,
): Promise<SessionStore> {
  if (redis !== undefined) {
    const { RedisSessionStore } = await import("../../stores/redis/session-store.ts");
    return started.use(new RedisSessionStore(redis));
  }
  const path = join(config.dataDirectory, "sessions.db");
  // Workers mark sessions as well, and a person's word comes by a connection of its own.
  return started.use(new SqliteSessionStore({ path, shared: true, now }));
}
