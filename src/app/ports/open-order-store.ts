import type { OrderStore } from "../../operations/records/carry-out.ts";
import { adoptHolds } from "../../stores/directory/adopt-holds.ts";
import type { Config } from "../config/config.ts";
import { directoryPath } from "./open-directory-store.ts";
import type { SharedRedis } from "./open-shared-redis.ts";

/**
 * Where holds and erasures stand for all replicas, and nothing else of the directory: over Redis
 * alone it needs no SQL. Rejects where the database cannot be had.
 */
export async function openOrderStore(
  config: Pick<Config, "dataDirectory" | "directoryUrl">,
  redis: SharedRedis | undefined,
  started: AsyncDisposableStack,
): Promise<OrderStore> {
  const store = await openStore(config, redis, started);
  await adoptHolds(config.dataDirectory, store);
  return store;
}

async function openStore(
  config: Pick<Config, "dataDirectory" | "directoryUrl">,
  redis: SharedRedis | undefined,
  started: AsyncDisposableStack,
): Promise<OrderStore> {
  if (config.directoryUrl !== undefined) {
    const { openPostgresDirectory } = await import("../../stores/directory/postgres-directory.ts");
    return started.use(await openPostgresDirectory(config.directoryUrl));
  }
  if (redis !== undefined) {
    const { RedisEntryStore } = await import("../../stores/redis/entry-store.ts");
    return new RedisEntryStore(redis);
  }
  const { openSqliteDirectory } = await import("../../stores/directory/open-directory-store.ts");
  return started.use(openSqliteDirectory(directoryPath(config)));
}
