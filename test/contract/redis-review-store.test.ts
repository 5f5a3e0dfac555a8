import { parseRedisAddress } from "../../src/stores/redis/redis-address.ts";
import type { RedisClient } from "../../src/stores/redis/redis-client.ts";
import { RedisNews } from "../../src/stores/redis/redis-news.ts";
import { RedisReviewStore } from "../../src/stores/redis/review-store.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { reviewStoreSuite } from "../support/review-store-suite.ts";
import { sharedRedis } from "../support/shared-redis.ts";

reviewStoreSuite("RedisReviewStore", async () => {
  const url = await sharedRedis();
  const reading = parseRedisAddress(url);
  if (reading.kind === "wrong") throw new Error(reading.message);
  const keys = freshKeys();
  await using started = new AsyncDisposableStack();
  const clients: { client: RedisClient; news: RedisNews }[] = [];
  for (let replica = 0; replica < 2; replica += 1) {
    const client = started.use(await redisClient(url));
    const news = started.use(new RedisNews(reading.address, { ca: undefined }));
    clients.push({ client, news });
  }
  const owned = started.move();
  let opened = 0;
  return {
    open: async (now) => {
      const replica = clients[opened++ % clients.length];
      if (replica === undefined) throw new Error("no replica");
      return new RedisReviewStore({ ...replica, keys, clock: now, now });
    },
    fail: () => owned.disposeAsync(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
});
