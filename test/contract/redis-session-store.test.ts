import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { SessionName } from "../../src/core/session/session.ts";
import type { Principal } from "../../src/core/principal.ts";
import { id } from "../../src/core/units.ts";
import type { RedisClient } from "../../src/stores/redis/redis-client.ts";
import { RedisSessionStore } from "../../src/stores/redis/session-store.ts";
import { startRedis } from "../support/redis-server.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/shared-redis.ts";
import { reviewOf } from "../support/reviews.ts";

const session = (name: string, agent = "bot", tenant = "default"): Principal => ({
  ...reviewOf(1).principal,
  agent: id(agent),
  tenant: id(tenant),
  session: id(name),
});

describe("RedisSessionStore", () => {
  let left: { readonly client: RedisClient; readonly store: RedisSessionStore };
  let right: typeof left;

  beforeEach(async () => {
    const url = await sharedRedis();
    const keys = freshKeys();
    const open = async () => {
      const client = await redisClient(url);
      return { client, store: new RedisSessionStore({ client, keys }) };
    };
    [left, right] = await Promise.all([open(), open()]);
  });
  afterEach(async () => {
    for (const { client, store } of [left, right]) {
      await store[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    }
  });

  const seen = (where: SessionName, marks: readonly string[]) =>
    eventually(async () => expect(await right.store.marks(where)).toEqual(marks));

  it("only adds marks, in force here at once and soon at the other replica", async () => {
    void left.store.mark(session("a"), ["untrusted"]);
    void left.store.mark(session("a"), ["pii", "untrusted"]);
    expect(await left.store.marks(session("a"))).toEqual(["pii", "untrusted"]);
    await seen(session("a"), ["pii", "untrusted"]);
    void right.store.mark(session("a"), ["secret"]);
    expect(await right.store.marks(session("a"))).toEqual(["pii", "secret", "untrusted"]);
  });

  it("tells when the other replica sees the marks, also those that come while it tells", async () => {
    const first = left.store.mark(session("a"), ["untrusted"]);
    const second = left.store.mark(session("a"), ["pii", "secret"]);
    await first;
    await second;
    expect(await right.store.marks(session("a"))).toEqual(["pii", "secret", "untrusted"]);
  });

  it("takes marks off where a person says so, at both replicas", async () => {
    await left.store.mark(session("a"), ["untrusted", "pii"]);
    expect(await right.store.clear(session("a"))).toEqual(["pii", "untrusted"]);
    expect(await left.store.marks(session("a"))).toEqual([]);
    await left.store.mark(session("a"), ["pii"]);
    expect(await right.store.marks(session("a"))).toEqual(["pii"]);
  });

  it("keeps sessions of the same name apart by agent and tenant", async () => {
    void left.store.mark(session("a"), ["untrusted"]);
    await seen(session("a"), ["untrusted"]);
    expect(await right.store.marks(session("a", "other"))).toEqual([]);
    expect(await right.store.marks(session("a", "bot", "other"))).toEqual([]);
  });

  it("rejects, rather than call a session clean, when Redis cannot be asked", async () => {
    await left.client[Symbol.asyncDispose]();
    await expect(left.store.marks(session("a"))).rejects.toThrow("Redis");
  });

  it("loses no mark while Redis is away", async () => {
    const server = await startRedis();
    await using client = await redisClient(server.url, { timeout: 1_000 });
    await using store = new RedisSessionStore({ client, keys: freshKeys() });
    process.kill(server.pid, "SIGSTOP");
    void store.mark(session("a"), ["untrusted"]);
    await expect(store.marks(session("a"))).rejects.toThrow();
    process.kill(server.pid, "SIGCONT");
    await eventually(async () => expect(await store.marks(session("a"))).toEqual(["untrusted"]));
    await server[Symbol.asyncDispose]();
  });
});
