/** Redis gone, stopped, slow, empty, read-only, full: every decision comes, and no money is lost. */
import { describe, expect, it } from "vitest";
import type { BudgetStore } from "../../src/core/money/budget.ts";
import { millis } from "../../src/core/units.ts";
import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import { RedisRateStore } from "../../src/stores/redis/rate-store.ts";
import { RedisUnfit, type RedisClient } from "../../src/stores/redis/redis-client.ts";
import { attemptOf, holdOf, used } from "../support/budget-holds.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { freshKeys, redisClient, type ClientOptions } from "../support/redis-store.ts";
import { startRelay } from "../support/stalling-relay.ts";
import { placeClaim, rateClaim } from "./rate-store-suite.ts";

const LEASE = millis(600_000);
/** Where Redis is silent. Elsewhere a busy machine may take its time, and nobody gives up. */
const IMPATIENT = { timeout: 1_000 };

interface Given extends AsyncDisposable {
  readonly server: RedisServer;
  readonly client: RedisClient;
  readonly store: RedisBudgetStore;
  readonly rates: RedisRateStore;
  readonly keys: ReturnType<typeof freshKeys>;
}

async function given(
  options: ClientOptions = {},
  settings: readonly string[] = [],
): Promise<Given> {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startRedis(...settings));
  const client = started.use(await redisClient(server.url, options));
  const keys = freshKeys();
  const store = started.use(new RedisBudgetStore({ client, keys }));
  const rates = started.use(new RedisRateStore({ client, keys }));
  const owned = started.move();
  return { server, client, store, rates, keys, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

let next = 0;
const fresh = (): ReturnType<typeof attemptOf> => attemptOf(`bad${(next += 1)}`);

const reserve = (store: BudgetStore, amount = 1, limit = 100) =>
  store.reserve(fresh(), [holdOf("a", amount, limit)], LEASE);

async function balance(store: BudgetStore) {
  const [only] = await store.balances(["a"]);
  return only && { spent: only.spent, held: only.held };
}

/** Every decision of the two stores; a Redis that never answers must not keep one. */
async function decisions({ store, rates }: Given) {
  const [budget, rate] = await Promise.all([
    reserve(store),
    rates.take(fresh() as never, [rateClaim(1000), placeClaim(1000)]),
  ]);
  return [budget.kind, rate.kind];
}

async function expectRefusals(stores: Given): Promise<void> {
  // More than one: before and after the circuit breaker has seen enough.
  for (let n = 0; n < 8; n += 1) {
    expect(await decisions(stores)).toEqual(["unreachable", "unreachable"]);
  }
}

async function untilHeld(store: BudgetStore, amount = 1): Promise<void> {
  await expect.poll(async () => (await reserve(store, amount)).kind).toBe("held");
}

describe("with Redis", () => {
  it("gone, both stores refuse at once, and work when it is back", async () => {
    await using stores = await given({}, ["--appendonly", "yes", "--appendfsync", "always"]);
    await reserve(stores.store, 7);
    await stores.server.kill();
    await expectRefusals(stores);
    expect(stores.client.health.ok).toBe(false);
    await expect.poll(() => stores.client.health.detail).toContain("no connection to Redis");
    await stores.server.restart();
    await untilHeld(stores.store);
    // A try that was given up while the server came back is void a moment later.
    await expect.poll(async () => (await balance(stores.store))?.held).toBe(8);
    expect(stores.client.health.ok).toBe(true);
  });

  it("stopped, both stores refuse, and what was given up holds nothing afterwards", async () => {
    await using stores = await given(IMPATIENT);
    await untilHeld(stores.store, 7);
    stores.server.signal("SIGSTOP");
    await expectRefusals(stores);
    stores.server.signal("SIGCONT");
    await untilHeld(stores.store);
    await expect.poll(async () => balance(stores.store)).toEqual({ spent: 0, held: 8 });
    expect(stores.store.unsettled).toBe(0);
  });

  it("slow, both stores refuse, and settlements arrive later and once", async () => {
    await using server = await startRedis();
    await using relay = await startRelay(server.port);
    const url = `redis://127.0.0.1:${relay.port}`;
    await using client = await redisClient(url, IMPATIENT);
    const keys = freshKeys();
    await using store = new RedisBudgetStore({ client, keys });
    using rates = new RedisRateStore({ client, keys });
    let running = fresh();
    const holdAgain = () => store.reserve((running = fresh()), [holdOf("a", 40, 100)], LEASE);
    await expect.poll(async () => (await holdAgain()).kind).toBe("held");
    relay.stalled = true;
    expect(await store.settle(running, [used("a", 25)])).toEqual({ kind: "unreachable" });
    const stores = { store, rates, client, server, keys, [Symbol.asyncDispose]: async () => {} };
    await expectRefusals(stores);
    relay.stalled = false;
    await expect.poll(async () => balance(store)).toEqual({ spent: 25, held: 0 });
    await untilHeld(store);
  });

  it("restarted empty, what was spent and what is held is known again before it decides", async () => {
    await using stores = await given();
    const { server, store } = stores;
    const live = attemptOf("live");
    await store.reserve(attemptOf("past"), [holdOf("a", 30, 100)], LEASE);
    await store.settle(attemptOf("past"), [used("a", 30)]);
    await store.reserve(live, [holdOf("a", 60, 100)], LEASE);
    await server.kill();
    await server.restart();
    await expect
      .poll(async () => reserve(store, 11))
      .toMatchObject({ kind: "exhausted", left: 10 });
    expect(await balance(store)).toEqual({ spent: 30, held: 60 });
    await store.settle(live, [used("a", 5)]);
    expect(await balance(store)).toEqual({ spent: 35, held: 0 });
  });

  it("emptied under several replicas, each tells what it knows and nothing is added up", async () => {
    await using stores = await given();
    const { server, store, client, keys } = stores;
    await using other = new RedisBudgetStore({ client, keys });
    await store.reserve(attemptOf("one"), [holdOf("a", 30, 100)], LEASE);
    await other.reserve(attemptOf("two"), [holdOf("a", 20, 100)], LEASE);
    await store.settle(attemptOf("one"), [used("a", 30)]);
    await other.reserve(attemptOf("three"), [holdOf("b", 1, 100), holdOf("a", 1, 100)], LEASE);
    await server.ask("FLUSHALL");
    const [first, second] = await Promise.all([
      store.reserve(attemptOf("four"), [holdOf("a", 2, 100)], LEASE),
      other.reserve(attemptOf("five"), [holdOf("a", 3, 100)], LEASE),
    ]);
    expect([first.kind, second.kind]).toEqual(["held", "held"]);
    expect(await balance(store)).toEqual({ spent: 30, held: 20 + 1 + 2 + 3 });
  });

  it("emptied, what is spent before the best informed replica speaks is not lost", async () => {
    await using stores = await given();
    const { server, store, client, keys } = stores;
    await using other = new RedisBudgetStore({ client, keys });
    const spend = async (by: RedisBudgetStore, name: string, amount: number): Promise<void> => {
      await by.reserve(attemptOf(name), [holdOf("a", amount, 200)], LEASE);
      await by.settle(attemptOf(name), [used("a", amount)]);
    };
    await spend(other, "one", 80);
    await spend(store, "two", 20);
    await server.ask("FLUSHALL");
    // This one knows of 80 only, and spends before anybody speaks of 100.
    await spend(other, "three", 20);
    await spend(store, "four", 1);
    expect(await balance(store)).toEqual({ spent: 80 + 20 + 20 + 1, held: 0 });
  });

  it("read-only, both stores refuse, and work when it takes writes again", async () => {
    await using stores = await given();
    await using primary = await startRedis();
    await reserve(stores.store);
    await stores.server.ask("REPLICAOF", "127.0.0.1", String(primary.port));
    await expectRefusals(stores);
    await stores.server.ask("REPLICAOF", "NO", "ONE");
    await untilHeld(stores.store);
  });

  it("out of memory, nothing new is held, and what runs can still be settled", async () => {
    await using stores = await given();
    const { server, store } = stores;
    const live = attemptOf("live");
    await store.reserve(live, [holdOf("a", 40, 100)], LEASE);
    await server.ask("CONFIG", "SET", "maxmemory", "1");
    await expectRefusals(stores);
    expect((await store.settle(live, [used("a", 25)])).kind).toBe("settled");
    expect(await balance(store)).toEqual({ spent: 25, held: 0 });
    await server.ask("CONFIG", "SET", "maxmemory", "0");
    await untilHeld(store);
  });

  it("without its scripts, it is told them again", async () => {
    await using stores = await given();
    await reserve(stores.store);
    await stores.server.ask("SCRIPT", "FLUSH");
    expect(await decisions(stores)).toEqual(["held", "taken"]);
  });

  it("evicting keys, or in the hands of another, it is refused at the start", async () => {
    await using server = await startRedis("--maxmemory-policy", "allkeys-lru");
    await expect(redisClient(server.url)).rejects.toThrow(RedisUnfit);
    await expect(redisClient(server.url)).rejects.toThrow("noeviction");
    await using replica = await startRedis("--replicaof", `127.0.0.1 ${server.port}`);
    await expect(redisClient(replica.url)).rejects.toThrow("read-only replica");
  });

  it("behind a password, the right one opens it and a wrong one says so", async () => {
    await using server = await startRedis("--requirepass", "open sesame");
    const at = `127.0.0.1:${server.port}`;
    await using client = await redisClient(`redis://:open%20sesame@${at}`);
    expect(client.health.ok).toBe(true);
    await using wrong = await redisClient(`redis://:closed@${at}`);
    expect(wrong.health.ok).toBe(false);
    expect(wrong.health.detail).toContain("WRONGPASS");
    expect(wrong.health.detail).not.toContain("closed@");
  });

  it("not there at the start, it is waited for while everything is refused", async () => {
    await using server = await startRedis();
    await server.kill();
    await using client = await redisClient(server.url, IMPATIENT);
    await using store = new RedisBudgetStore({ client, keys: freshKeys() });
    expect((await reserve(store)).kind).toBe("unreachable");
    await server.restart();
    await untilHeld(store);
  });
});
