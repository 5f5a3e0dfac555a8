/** What the operator wrote for the time when the shared store is away, on a real Redis. */
import { describe, expect, it } from "vitest";
import { millis, instant } from "../../src/core/units.ts";
import { DegradedBudgets } from "../../src/stores/outage/degraded-budgets.ts";
import { OpenBudgets } from "../../src/stores/outage/open-budgets.ts";
import type { OutagePolicy } from "../../src/stores/outage/outage-policy.ts";
import { OutageRates } from "../../src/stores/outage/outage-rates.ts";
import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import { RedisRateStore } from "../../src/stores/redis/rate-store.ts";
import { attemptOf, exchangeId, holdOf, used } from "../support/budget-holds.ts";
import { startRedis } from "../support/redis-server.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { placeClaim, rateClaim } from "./rate-store-suite.ts";

const LEASE = millis(600_000);
const NOW = instant(1_780_000_000_000);
const TOMORROW = NOW + 86_400_000;

async function given() {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startRedis("--appendonly", "yes", "--appendfsync", "always"));
  const client = started.use(await redisClient(server.url, { timeout: 2_000 }));
  const keys = freshKeys();
  const redis = started.use(new RedisBudgetStore({ client, keys }));
  const owned = started.move();
  const balance = async () => {
    const [only] = await redis.balances(["a"]);
    return only && { spent: only.spent, held: only.held };
  };
  /** Of a client that is not told to wait: the store is asked until it answers. */
  const back = async (): Promise<void> => {
    await server.restart();
    await expect.poll(async () => balance()).toBeDefined();
  };
  return {
    server,
    client,
    keys,
    redis,
    balance,
    back,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("budgets that are open while their store is away", () => {
  it("let calls through, and charge them above any limit when it is back", async () => {
    await using stores = await given();
    await using store = new OpenBudgets(stores.redis, TOMORROW, () => NOW);
    await store.reserve(attemptOf("before"), [holdOf("a", 90, 100)], LEASE);
    await store.settle(attemptOf("before"), [used("a", 90)]);
    await stores.server.kill();

    const reply = await store.reserve(attemptOf("away"), [holdOf("a", 50, 100)], LEASE);
    expect(reply).toEqual({ kind: "held", used: [50] });
    await store.reserve(attemptOf("void"), [holdOf("a", 50, 100)], LEASE);
    await store.reserve(attemptOf("running"), [holdOf("a", 7, 100)], LEASE);
    await store.settle(attemptOf("away"), [used("a", 40)]);
    await store.settle(attemptOf("void"), []);
    expect(store.letThrough).toBe(3);

    await stores.back();
    await store.settle(attemptOf("running"), [used("a", 2)]);
    await expect.poll(stores.balance).toEqual({ spent: 132, held: 0 });
    const full = await store.reserve(attemptOf("after"), [holdOf("a", 1, 100)], LEASE);
    expect(full.kind).toBe("exhausted");
  });

  it("are closed from the operator's day on, and always for what is no amount", async () => {
    await using stores = await given();
    const clock = { at: NOW };
    await using store = new OpenBudgets(stores.redis, TOMORROW, () => clock.at);
    await stores.server.kill();
    const defect = await store.reserve(attemptOf("x"), [holdOf("a", Number.NaN, 100)], LEASE);
    expect(defect.kind).toBe("unreachable");
    expect((await store.reserve(attemptOf("y"), [holdOf("a", 1, 100)], LEASE)).kind).toBe("held");
    clock.at = instant(TOMORROW);
    const reply = await store.reserve(attemptOf("z"), [holdOf("a", 1, 100)], LEASE);
    expect(reply.kind).toBe("unreachable");
  });
});

describe("budgets that degrade while their store is away", () => {
  it("go on a part set aside before, and no further", async () => {
    await using stores = await given();
    await using store = new DegradedBudgets(stores.redis, 10, () => NOW);
    await store.reserve(attemptOf("before"), [holdOf("a", 50, 100)], LEASE);
    await expect.poll(stores.balance).toEqual({ spent: 0, held: 60 });
    await stores.server.kill();

    const away = [holdOf("a", 6, 100)];
    expect((await store.reserve(attemptOf("1"), away, LEASE)).kind).toBe("held");
    expect((await store.reserve(attemptOf("2"), away, LEASE)).kind).toBe("unreachable");
    const more = await store.resize(attemptOf("1"), [holdOf("a", 11, 100)], LEASE);
    expect(more.kind).toBe("exhausted");
    await store.settle(attemptOf("1"), [used("a", 3)]);
    expect((await store.reserve(attemptOf("3"), away, LEASE)).kind).toBe("held");
    const other = [holdOf("never-seen", 1, 100)];
    expect((await store.reserve(attemptOf("4"), other, LEASE)).kind).toBe("unreachable");
    expect(store.letThrough).toBe(2);

    await stores.back();
    await store.settle(attemptOf("3"), []);
    await store.settle(attemptOf("before"), [used("a", 50)]);
    await store.reserve(attemptOf("after"), [holdOf("a", 1, 100)], LEASE);
    // What was spent on the part is told, and a new part is set aside.
    await expect.poll(stores.balance).toEqual({ spent: 53, held: 11 });
  });

  it("never overspend, however many replicas spend their parts to the end", async () => {
    await using stores = await given();
    const { client, keys, server } = stores;
    const replicas = Array.from({ length: 4 }, () => {
      const redis = new RedisBudgetStore({ client, keys });
      return { redis, store: new DegradedBudgets(redis, 20, () => NOW) };
    });
    const spend = async (times: number, name: string): Promise<number> => {
      const replies = await Promise.all(
        replicas.flatMap(({ store }, r) =>
          Array.from({ length: times }, async (_, n) => {
            const attempt = attemptOf(`${name}-${r}-${n}`);
            const reply = await store.reserve(attempt, [holdOf("a", 1, 100)], LEASE);
            if (reply.kind === "held") await store.settle(attempt, [used("a", 1)]);
            return reply.kind;
          }),
        ),
      );
      return replies.filter((kind) => kind === "held").length;
    };
    let held = await spend(1, "first");
    await expect.poll(stores.balance).toMatchObject({ held: 80 });
    held += await spend(2, "second");
    await server.kill();
    held += await spend(50, "away");
    expect(held).toBeLessThanOrEqual(100);
    expect(held).toBe(4 + 8 + 80);
    await stores.back();
    for (const { redis, store } of replicas) {
      await store[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    }
    await expect.poll(stores.balance).toEqual({ spent: held, held: 0 });
  });

  it("give back what was set aside when the replica is stopped", async () => {
    await using stores = await given();
    {
      await using store = new DegradedBudgets(stores.redis, 10, () => NOW);
      await store.reserve(attemptOf("x"), [holdOf("a", 5, 100)], LEASE);
      await store.settle(attemptOf("x"), [used("a", 5)]);
      await expect.poll(stores.balance).toEqual({ spent: 5, held: 10 });
    }
    expect(await stores.balance()).toEqual({ spent: 5, held: 0 });
  });
});

describe("limits while their store is away", () => {
  async function kindsAway(policy: OutagePolicy, at = NOW, claim = rateClaim(20)) {
    await using stores = await given();
    const { client, keys, server } = stores;
    using redis = new RedisRateStore({ client, keys });
    const rates = new OutageRates(redis, policy, () => at);
    await server.kill();
    const kinds: string[] = [];
    for (let n = 0; n < 4; n += 1) kinds.push((await rates.take(exchangeId(n), [claim])).kind);
    return { kinds, letThrough: rates.letThrough };
  }

  it("refuse where they are closed", async () => {
    const { kinds } = await kindsAway({ kind: "closed" });
    expect(new Set(kinds)).toEqual(new Set(["unreachable"]));
  });

  it("let everything through until the operator's day", async () => {
    const open = { kind: "open", until: TOMORROW } as const;
    expect(await kindsAway(open)).toMatchObject({ letThrough: 4 });
    expect((await kindsAway(open, instant(TOMORROW))).kinds[0]).toBe("unreachable");
  });

  it("go on with this replica's share", async () => {
    const degrade = { kind: "degrade", share: 10 } as const;
    expect((await kindsAway(degrade)).kinds).toEqual(["taken", "taken", "empty", "empty"]);
    expect((await kindsAway(degrade, NOW, placeClaim(5))).kinds[0]).toBe("unreachable");
  });
});
