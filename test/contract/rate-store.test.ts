import { describe, expect, it } from "vitest";
import type { RateStore, TakeReply } from "../../src/core/money/rate.ts";
import { createRateStore } from "../../src/stores/memory/rate-store.ts";
import { RedisRateStore } from "../../src/stores/redis/rate-store.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/redis-server.ts";
import { exchangeId } from "../support/budget-holds.ts";
import { rateClaim, rateStoreSuite } from "./rate-store-suite.ts";

const DONE = async (): Promise<void> => undefined;

rateStoreSuite("memory", async () => ({
  open: (clock) => {
    const store = createRateStore({ clock });
    return { take: store.take.bind(store), end: store.end.bind(store), settled: DONE };
  },
  [Symbol.asyncDispose]: DONE,
}));

rateStoreSuite("Redis", async () => {
  const client = await redisClient(await sharedRedis());
  const keys = freshKeys();
  const stores = new DisposableStack();
  return {
    open: (clock) => {
      const store = stores.use(new RedisRateStore({ client, keys, clock }));
      // One connection keeps the order: whatever is asked later sees what was sent before.
      return { take: store.take.bind(store), end: store.end.bind(store), settled: DONE };
    },
    async [Symbol.asyncDispose]() {
      stores.dispose();
      await client[Symbol.asyncDispose]();
    },
  };
});

describe("the memory rate store", () => {
  const takeNow = (store: RateStore, n: number, key: string): TakeReply["kind"] => {
    const reply = store.take(exchangeId(n), [rateClaim(1, { key, per: 1000 })]);
    if (reply instanceof Promise) throw new Error("it must answer at once");
    return reply.kind;
  };

  it("forgets idle counters first, and never grows past its bound", () => {
    const clock = { at: 0 };
    const store = createRateStore({ clock: () => clock.at, countersMax: 10 });
    for (let n = 0; n < 10; n += 1) takeNow(store, n, `k${n}`);
    clock.at = 2000;
    // All ten are idle by now: newcomers take their places and are counted.
    for (let n = 10; n < 20; n += 1) takeNow(store, n, `k${n}`);
    for (let n = 10; n < 20; n += 1) expect(takeNow(store, n + 100, `k${n}`)).toBe("empty");
  });
});
