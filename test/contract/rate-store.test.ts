import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RateStore, TakeReply } from "../../src/core/money/rate.ts";
import { createRateStore } from "../../src/stores/memory/rate-store.ts";
import { PLACE_LEASE_MS } from "../../src/stores/place-lease.ts";
import { SqliteRateStore } from "../../src/stores/sqlite/rate-store.ts";
import { RedisRateStore } from "../../src/stores/redis/rate-store.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/shared-redis.ts";
import { exchangeId } from "../support/budget-holds.ts";
import { placeClaim, rateClaim, rateStoreSuite } from "./rate-store-suite.ts";

const DONE = async (): Promise<void> => undefined;

rateStoreSuite("memory", async () => ({
  open: (clock) => {
    const store = createRateStore({ clock });
    return { take: store.take.bind(store), end: store.end.bind(store), settled: DONE };
  },
  [Symbol.asyncDispose]: DONE,
}));

rateStoreSuite("SQLite", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-rates-"));
  const stores = new DisposableStack();
  return {
    open: (clock) => {
      const store = stores.use(new SqliteRateStore(join(directory, "limits.db"), clock));
      return { take: store.take.bind(store), end: store.end.bind(store), settled: DONE };
    },
    async [Symbol.asyncDispose]() {
      stores.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

describe("the SQLite rate store", () => {
  it("counts together what two workers take, and frees the places of one that died", () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-rates-"));
    try {
      const clock = { at: 1_780_000_000_000 };
      const path = join(directory, "limits.db");
      using one = new SqliteRateStore(path, () => clock.at);
      const died = new SqliteRateStore(path, () => clock.at);
      const claims = [rateClaim(3), placeClaim(2)];
      expect(one.take(exchangeId(1), claims).kind).toBe("taken");
      expect(died.take(exchangeId(2), claims).kind).toBe("taken");
      expect(one.take(exchangeId(3), claims)).toMatchObject({
        claim: { limit: { kind: "places" } },
      });
      died[Symbol.dispose]();
      clock.at += PLACE_LEASE_MS;
      expect(one.take(exchangeId(4), claims).kind).toBe("taken");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("makes nobody wait for the old time when the clock is set back", () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-rates-"));
    try {
      const clock = { at: 1_780_000_000_000 };
      using store = new SqliteRateStore(join(directory, "limits.db"), () => clock.at);
      expect(store.take(exchangeId(1), [rateClaim(1)]).kind).toBe("taken");
      clock.at -= 365 * 86_400_000;
      expect(store.take(exchangeId(2), [rateClaim(1)])).toMatchObject({ retryIn: 600_000 });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

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
