/** Stops and sessions over Redis alone, when Redis has bad days: what one replica knows is not lost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { FeedEntry } from "../../src/core/identity/access-index.ts";
import type { SharedEntry } from "../../src/core/identity/shared-kinds.ts";
import { stopId, type StopTarget } from "../../src/core/identity/stop.ts";
import { id, instant, type TenantId } from "../../src/core/units.ts";
import { RedisFeed } from "../../src/stores/redis/entry-feed.ts";
import { RedisEntryStore } from "../../src/stores/redis/entry-store.ts";
import { RedisNews } from "../../src/stores/redis/redis-news.ts";
import { SqliteEntryCopy } from "../../src/stores/sqlite/entry-copy.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { freshKeys, redisAddress, redisClient } from "../support/redis-store.ts";

const TENANT: TenantId = id("default");
const SOON = { timeout: 30_000 };
const cleanups = new AsyncDisposableStack();
afterAll(() => cleanups.disposeAsync());

function stopOf(agent: string, mode: "kill" | "freeze" = "kill") {
  const target: StopTarget = { kind: "agent", agent: id(agent) };
  const body = { target, mode, reason: "test", by: "ann", at: instant(1) } as const;
  const name = stopId(TENANT, target);
  return { kind: "stop", id: name, tenant: TENANT, createdAt: instant(1), body } as const;
}

interface Replica {
  readonly store: RedisEntryStore;
  readonly feed: RedisFeed;
  readonly faults: unknown[];
  /** Agents that are stopped as this replica knows it, and how. */
  readonly stopped: () => Readonly<Record<string, string>>;
  stop(agent: string, mode?: "kill" | "freeze"): Promise<unknown>;
  lift(agent: string): Promise<unknown>;
}

async function replica(
  server: Pick<RedisServer, "url">,
  keys = freshKeys(),
  leftOver: readonly SharedEntry[] = [],
  copy?: SqliteEntryCopy,
): Promise<Replica> {
  const client = cleanups.use(await redisClient(server.url, { timeout: 2_000 }));
  const news = cleanups.use(new RedisNews(redisAddress(server.url), { ca: undefined }));
  const store = new RedisEntryStore({ client, keys });
  const faults: unknown[] = [];
  const feed = cleanups.use(
    new RedisFeed({
      client,
      keys,
      news,
      now: () => instant(100),
      leftOver,
      ...(copy !== undefined && { copy }),
      onFault: (error) => faults.push(error),
    }),
  );
  const known = new Map<string, string>();
  const apply = (news: readonly FeedEntry[]): void => {
    for (const { id: name, body } of news) {
      const agent = name.slice(name.lastIndexOf("/") + 1);
      if (body !== undefined && "mode" in body) known.set(agent, body.mode);
      else known.delete(agent);
    }
  };
  apply(await feed.first());
  feed.watch(() => apply(feed.news()));
  return {
    store,
    feed,
    faults,
    stopped: () => Object.fromEntries(known),
    stop: (agent, mode) => store.write({ kind: "put", entry: stopOf(agent, mode), expect: "any" }),
    lift: (agent) => {
      const { id: name, tenant } = stopOf(agent);
      return store.write({ kind: "remove", of: "stop", id: name, tenant, expect: "any" });
    },
  };
}

describe("replicas that share a Redis", () => {
  it("hear of each other's stops, and of their end", async () => {
    await using server = await startRedis();
    const keys = freshKeys();
    const [one, two] = [await replica(server, keys), await replica(server, keys)];
    await one.stop("bad");
    await expect.poll(two.stopped, SOON).toEqual({ bad: "kill" });
    await two.stop("bad", "freeze");
    await expect.poll(one.stopped, SOON).toEqual({ bad: "freeze" });
    await two.lift("bad");
    await expect.poll(one.stopped, SOON).toEqual({});
    expect((await replica(server, keys)).stopped()).toEqual({});
  });

  it("keep what they know while it is away, and catch up when it is back", async () => {
    await using server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const keys = freshKeys();
    const [one, two] = [await replica(server, keys), await replica(server, keys)];
    await one.stop("bad");
    await expect.poll(two.stopped, SOON).toEqual({ bad: "kill" });
    await server.kill();
    await expect(two.lift("bad")).rejects.toThrow();
    expect(two.stopped()).toEqual({ bad: "kill" });
    await server.restart();
    await expect.poll(() => two.lift("bad").then(Boolean, () => false), SOON).toBe(true);
    await expect.poll(one.stopped, SOON).toEqual({});
  });

  it.each(["that lost its memory in a crash", "that was emptied"])(
    "tell one %s what they know, to whoever comes later",
    async (how) => {
      await using server = await startRedis();
      const keys = freshKeys();
      const [one, two] = [await replica(server, keys), await replica(server, keys)];
      await one.stop("bad");
      await one.stop("worse", "freeze");
      await one.stop("good");
      await one.lift("good");
      await expect.poll(two.stopped, SOON).toEqual({ bad: "kill", worse: "freeze" });
      if (how.endsWith("emptied")) {
        await server.ask("FLUSHALL");
      } else {
        await server.kill();
        await server.restart();
      }
      await expect
        .poll(async () => (await replica(server, keys)).stopped(), SOON)
        .toEqual({ bad: "kill", worse: "freeze" });
      await expect.poll(() => two.lift("bad").then(Boolean, () => false), SOON).toBe(true);
      await expect.poll(one.stopped, SOON).toEqual({ worse: "freeze" });
      await one.stop("new");
      await expect.poll(two.stopped, SOON).toEqual({ new: "kill", worse: "freeze" });
    },
    30_000,
  );

  it("know nothing, and say so, until a Redis that is away was read once", async () => {
    await using server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const keys = freshKeys();
    await (await replica(server, keys)).stop("bad");
    await server.kill();
    const late = await replica(server, keys);
    expect(late.feed.informed).toBe(false);
    expect(late.faults).not.toEqual([]);
    await server.restart();
    await expect.poll(late.stopped, SOON).toEqual({ bad: "kill" });
    expect(late.feed.informed).toBe(true);
  });

  it("bring what one of them kept alone, unless it was undone since", async () => {
    await using server = await startRedis();
    const keys = freshKeys();
    const alone = [{ ...stopOf("bad"), revision: 7 }];
    const one = await replica(server, keys, alone);
    const two = await replica(server, keys);
    await expect.poll(two.stopped, SOON).toEqual({ bad: "kill" });
    await two.lift("bad");
    await expect.poll(one.stopped, SOON).toEqual({});
    const again = await replica(server, keys, alone);
    await expect.poll(again.stopped, SOON).toEqual({});
  });

  it("know after a restart whom they knew as stopped, though Redis is away", async () => {
    await using server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const keys = freshKeys();
    const files = mkdtempSync(join(tmpdir(), "entry-copy-"));
    cleanups.defer(() => rmSync(files, { recursive: true, force: true }));
    const copy = () =>
      cleanups.use(new SqliteEntryCopy(join(files, "shared.db"), () => instant(100)));
    // From before anything was shared; lifted since, and that must be known, too.
    const alone = [{ ...stopOf("old"), revision: 7 }];
    const before = await replica(server, keys, alone, copy());
    await before.stop("bad");
    await before.stop("good");
    await before.lift("good");
    await before.lift("old");
    await expect.poll(before.stopped, SOON).toEqual({ bad: "kill" });
    await server.kill();
    const after = await replica(server, keys, alone, copy());
    expect(after.stopped()).toEqual({ bad: "kill" });
    expect(after.feed.informed).toBe(false);
    await server.restart();
    const other = await replica(server, keys);
    await other.lift("bad");
    await expect.poll(after.stopped, SOON).toEqual({});
    expect((await replica(server, keys, alone, copy())).stopped()).toEqual({});
  }, 30_000);

  it("keep in their copy what is newest, whichever worker writes last", () => {
    const files = mkdtempSync(join(tmpdir(), "entry-copy-"));
    cleanups.defer(() => rmSync(files, { recursive: true, force: true }));
    using one = new SqliteEntryCopy(join(files, "shared.db"), () => instant(100));
    using two = new SqliteEntryCopy(join(files, "shared.db"), () => instant(100));
    const stop = { ...stopOf("bad"), revision: 5 };
    one.write([stop]);
    two.write([{ kind: "removed", of: "stop", id: stop.id, tenant: TENANT, revision: 6 }]);
    one.write([stop]);
    expect(one.read()).toMatchObject([{ kind: "removed", id: stop.id, revision: 6 }]);
  });
});
