import { join } from "node:path";
import type { ReviewStore } from "../../core/review/review-store.ts";
import type { Instant } from "../../core/units.ts";
import { SqliteReviewStore } from "../../stores/sqlite/review-store.ts";
import type { Config } from "../config/config.ts";
import type { SharedRedis } from "./open-shared-redis.ts";

/** Throws the system's error where the file cannot be opened. */
export async function openReviewStore(
  { dataDirectory }: Pick<Config, "dataDirectory">,
  redis: SharedRedis | undefined,
  now: () => Instant,
  started: AsyncDisposableStack,
): Promise<ReviewStore> {
  if (redis === undefined) {
    return started.use(new SqliteReviewStore(join(dataDirectory, "reviews.db"), now));
  }
  const { RedisReviewStore } = await import("../../stores/redis/review-store.ts");
  const { client, keys, news } = redis;
  return new RedisReviewStore({ client, keys, news, now });
}
