import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/redis-server.ts";
import { budgetStoreSuite } from "./budget-store-suite.ts";

budgetStoreSuite("Redis", async () => {
  const client = await redisClient(await sharedRedis());
  const keys = freshKeys();
  return {
    open: (clock) => new RedisBudgetStore({ client, keys, clock }),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
});
