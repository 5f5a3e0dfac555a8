import { describe, expect, it } from "vitest";
import { id, instant, millis, type TenantId } from "../../src/core/units.ts";
import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import { RedisFeed } from "../../src/stores/redis/entry-feed.ts";
import { RedisEntryStore } from "../../src/stores/redis/entry-store.ts";
import { RedisNews } from "../../src/stores/redis/redis-news.ts";
import { RedisRateStore } from "../../src/stores/redis/rate-store.ts";
import { attemptOf, exchangeId, holdOf, used } from "../support/budget-holds.ts";
import { freshKeys, redisAddress, redisClient } from "../support/redis-store.ts";
import { startCluster, startWatched } from "../support/redis-topologies.ts";
import { placeClaim, rateClaim } from "./rate-store-suite.ts";

const LEASE = millis(600_000);
/** A Sentinel that was starved itself decides nothing for 30 s (TILT), and may need a second try. */
const FAILOVER_MS = 150_000;
const TENANTS = Array.from({ length: 12 }, (_, n) => `tenant-${n}`);

describe("a cluster of three", () => {
  it("keeps each tenant whole on one node, and spreads tenants over all", async () => {
    await using cluster = await startCluster();
    await using client = await redisClient(cluster.url);
    const keys = freshKeys();
    await using store = new RedisBudgetStore({ client, keys });
    using rates = new RedisRateStore({ client, keys });
    for (const tenant of TENANTS) {
      const holds = ["day", "month", "team"].map((name) => holdOf(`${tenant}|${name}|x|1`, 5, 10));
      const first = attemptOf(`${tenant}-1`);
      expect((await store.reserve(first, holds, LEASE)).kind).toBe("held");
      expect((await store.reserve(attemptOf(`${tenant}-2`), holds, LEASE)).kind).toBe("held");
      expect(await store.reserve(attemptOf(`${tenant}-3`), holds, LEASE)).toMatchObject({
        kind: "exhausted",
        left: 0,
      });
      const settled = await store.settle(first, [used(`${tenant}|day|x|1`, 2)]);
      expect(settled.kind).toBe("settled");
      const [day, month] = await store.balances([`${tenant}|day|x|1`, `${tenant}|month|x|1`]);
      expect([day?.spent, day?.held, month?.spent, month?.held]).toEqual([2, 5, 5, 5]);
      const claims = [rateClaim(5), placeClaim(5)].map((claim) => {
        return { ...claim, key: claim.key.replace("acme", tenant) };
      });
      expect((await rates.take(exchangeId(tenant), claims)).kind).toBe("taken");
    }
    const sizes = await Promise.all(cluster.nodes.map((node) => node.ask("DBSIZE")));
    for (const size of sizes) expect(Number(size)).toBeGreaterThan(0);
  });

  it("keeps sessions and stops where all replicas find them", async () => {
    await using cluster = await startCluster();
    await using client = await redisClient(cluster.url);
    const keys = freshKeys();
    const store = new RedisEntryStore({ client, keys });
    await using news = new RedisNews(redisAddress(cluster.url), { ca: undefined });
    const options = { client, keys, news, now: () => instant(1), leftOver: [] };
    await using feed = new RedisFeed({ ...options, onFault: () => undefined });
    const heard: string[] = [];
    await feed.first();
    feed.watch(() => heard.push(...feed.news().map(({ id: name }) => name)));
    const target = { kind: "everything" } as const;
    const body = { target, mode: "kill", reason: "r", by: "ann", at: instant(1) } as const;
    const entry = { kind: "stop", id: "stop", tenant: id<TenantId>("t"), body } as const;
    const made = { ...entry, createdAt: instant(1) };
    const written = await store.write({ kind: "put", entry: made, expect: "absent" });
    expect(written.kind).toBe("written");
    await expect.poll(() => heard).toEqual(["stop"]);
  });

  it("refuses the tenants of a node that is gone, and serves the others", async () => {
    await using cluster = await startCluster();
    await using client = await redisClient(cluster.url, { timeout: 1_000 });
    await using store = new RedisBudgetStore({ client, keys: freshKeys() });
    const reserveAll = (round: number) =>
      Promise.all(
        TENANTS.map(async (tenant) => {
          const attempt = attemptOf(`${tenant}-${round}`);
          return (await store.reserve(attempt, [holdOf(`${tenant}|d|x|1`, 1, 10_000)], LEASE)).kind;
        }),
      );
    let round = 0;
    const served = async () => new Set(await reserveAll((round += 1)));
    await expect.poll(served, { timeout: 60_000 }).toEqual(new Set(["held"]));
    await cluster.nodes[2]?.kill();
    await expect.poll(served, { timeout: 60_000 }).toEqual(new Set(["held", "unreachable"]));
    await cluster.nodes[2]?.restart();
  }, 120_000);
});

describe("a primary that its Sentinel watches", () => {
  it("is found by name, and its replica takes over with what is spent", async () => {
    await using watched = await startWatched();
    await using client = await redisClient(watched.url);
    await using store = new RedisBudgetStore({ client, keys: freshKeys() });
    const begin = async () =>
      (await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE)).kind;
    await expect.poll(begin).toBe("held");
    expect((await store.settle(attemptOf(1), [used("a", 40)])).kind).toBe("settled");
    expect((await store.reserve(attemptOf(2), [holdOf("a", 50, 100)], LEASE)).kind).toBe("held");
    await watched.replicated();
    await watched.primary.kill();
    let n = 2;
    await expect
      .poll(
        async () => (await store.reserve(attemptOf((n += 1)), [holdOf("a", 11, 100)], LEASE)).kind,
        { timeout: FAILOVER_MS },
      )
      .toBe("exhausted");
    expect((await store.settle(attemptOf(2), [used("a", 1)])).kind).toBe("settled");
    expect(await store.balances(["a"])).toEqual([{ key: "a", spent: 41, held: 0 }]);
    expect(await watched.replica.ask("ROLE")).toContain("master");
  }, 240_000);
});
