import { join } from "node:path";
import type { OpenDirectoryStore } from "../../stores/directory/sql-directory-store.ts";
import type { SharedRedis } from "./open-shared-redis.ts";
import { directoryFault } from "./reach-directory.ts";
import type { Config } from "../config/config.ts";

/**
 * One for all replicas where `directory.url` names it; else this machine's own, and what must count
 * everywhere at once in the Redis that they share. Rejects with StoreFault where the database cannot
 * be had.
 */
export async function openDirectoryStore(
  config: Pick<Config, "dataDirectory" | "directoryUrl">,
  redis: SharedRedis | undefined,
): Promise<OpenDirectoryStore> {
  const { directoryUrl: url } = config;
  if (url !== undefined) {
    const { postgresTrouble } = await import("../../stores/postgres/try-postgres.ts");
    const { openPostgresDirectory } = await import("../../stores/directory/postgres-directory.ts");
    return openPostgresDirectory(url).catch((error: unknown) => {
      throw directoryFault(url, postgresTrouble(error));
    });
  }
  const { openSqliteDirectory } = await import("../../stores/directory/open-directory-store.ts");
  const own = openSqliteDirectory(directoryPath(config));
  if (redis === undefined) return own;
  const { RedisEntryStore } = await import("../../stores/redis/entry-store.ts");
  const { SplitDirectoryStore } = await import("../../stores/directory/split-directory-store.ts");
  return new SplitDirectoryStore(own, new RedisEntryStore(redis));
}

export function directoryPath({ dataDirectory }: Pick<Config, "dataDirectory">): string {
  return join(dataDirectory, "directory.db");
}
