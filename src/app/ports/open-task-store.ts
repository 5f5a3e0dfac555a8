import { join } from "node:path";
import type { TaskStore } from "../../core/task/task-store.ts";
import type { Instant } from "../../core/units.ts";
import { SqliteTaskStore } from "../../stores/sqlite/task-store.ts";
import type { Config } from "../config/config.ts";
import type { SharedRedis } from "./open-shared-redis.ts";

/** Throws the system's error where the file cannot be opened. */
export async function openTaskStore(
  { dataDirectory }: Pick<Config, "dataDirectory">,
  redis: SharedRedis | undefined,
  now: () => Instant,
  started: AsyncDisposableStack,
): Promise<TaskStore> {
  if (redis === undefined) {
    return started.use(new SqliteTaskStore(join(dataDirectory, "tasks.db"), now));
  }
  const { RedisTaskStore } = await import("../../stores/redis/task-store.ts");
  const { client, keys } = redis;
  return new RedisTaskStore({ client, keys, now });
}
