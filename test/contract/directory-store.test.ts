/** One suite for entries of the directory wherever they are kept, on the real servers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeyRecord } from "../../src/core/identity/directory-entry.ts";
import type { DirectoryFeed } from "../../src/core/identity/directory-feed.ts";
import { EVERY_TENANT, type Write } from "../../src/core/identity/directory-store.ts";
import { id, instant, type TenantId } from "../../src/core/units.ts";
import { openSqliteDirectory } from "../../src/stores/directory/open-directory-store.ts";
import {
  openPostgresDirectory,
  PostgresFeed,
} from "../../src/stores/directory/postgres-directory.ts";
import { SqliteFeed } from "../../src/stores/directory/sqlite-feed.ts";
import type { OpenDirectoryStore } from "../../src/stores/directory/sql-directory-store.ts";
import { RedisFeed } from "../../src/stores/redis/entry-feed.ts";
import { RedisEntryStore, type EntryStore } from "../../src/stores/redis/entry-store.ts";
import { RedisNews } from "../../src/stores/redis/redis-news.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { freshKeys, redisAddress, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/shared-redis.ts";

const NOON = instant(Date.parse("2026-11-21T12:00:00Z"));
const TENANT: TenantId = id("default");

interface SessionWish {
  readonly expect?: number | "absent" | "any";
  readonly task?: string;
  readonly agent?: string;
  readonly tenant?: TenantId;
  readonly expiresAt?: number;
}

function session(name: string, wish: SessionWish = {}): Write {
  const { expect = "any", task, agent = "t", tenant = TENANT, expiresAt = NOON } = wish;
  return {
    kind: "put",
    expect,
    entry: {
      kind: "session",
      id: name,
      tenant,
      createdAt: instant(1),
      body: {
        id: id(name),
        tenant,
        agent: id(agent),
        scopes: ["read"],
        credentials: [],
        spendLimit: undefined,
        task,
        container: undefined,
        expiresAt: instant(expiresAt),
        revokedAt: undefined,
        createdBy: "ann",
      },
    },
  };
}

function key(name: string, sha256: string): Write {
  const body: KeyRecord = {
    family: "spt",
    name,
    holder: { kind: "service", name },
    sha256,
    shown: "spt_…",
    role: "viewer",
    scopes: [],
    plan: "free",
    expiresAt: undefined,
    revokedAt: undefined,
    createdBy: "ann",
  };
  const entry = { kind: "key", id: name, tenant: TENANT, createdAt: instant(1), body } as const;
  return { kind: "put", expect: "any", entry };
}

const removal = (name: string): Write => ({
  kind: "remove",
  of: "session",
  id: name,
  tenant: TENANT,
  expect: "any",
});

interface Place {
  /** Closed at the end. */
  entries(): Promise<EntryStore>;
  feed(): DirectoryFeed & AsyncDisposable;
}

interface SqlPlace extends Place {
  open(): Promise<OpenDirectoryStore>;
}

const cleanups = new AsyncDisposableStack();
afterAll(() => cleanups.disposeAsync());

const databases: Record<string, () => Promise<SqlPlace>> = {
  SQLite: async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-directory-"));
    cleanups.defer(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, "directory.db");
    return {
      entries: async () => cleanups.use(openSqliteDirectory(path)),
      open: async () => openSqliteDirectory(path),
      feed: () => new SqliteFeed(path),
    };
  },
  PostgreSQL: async () => {
    const { url } = cleanups.use(await startPostgres());
    return {
      entries: async () => cleanups.use(await openPostgresDirectory(url)),
      open: () => openPostgresDirectory(url),
      feed: () => new PostgresFeed(url, () => undefined),
    };
  },
};
const places: Record<string, () => Promise<Place>> = {
  ...databases,
  Redis: async () => {
    const url = await sharedRedis();
    const client = cleanups.use(await redisClient(url));
    const news = cleanups.use(new RedisNews(redisAddress(url), { ca: undefined }));
    const keys = freshKeys();
    return {
      entries: async () => new RedisEntryStore({ client, keys }),
      feed: () =>
        new RedisFeed({
          client,
          keys,
          news,
          now: () => NOON,
          leftOver: [],
          onFault: () => undefined,
        }),
    };
  },
};

describe.each(Object.entries(places))("entries of the directory on %s", (_name, prepare) => {
  let place: Place;
  let store: EntryStore;
  let other: EntryStore;
  beforeAll(async () => {
    place = await prepare();
    [store, other] = [await place.entries(), await place.entries()];
  }, 120_000);

  it("are given back as they were put, to everybody who has it open", async () => {
    expect(await store.write(session("one", { expect: "absent" }))).toMatchObject({
      kind: "written",
    });
    expect(await other.get("session", "one")).toMatchObject({
      id: "one",
      tenant: "default",
      createdAt: 1,
      body: { id: "one", agent: "t", scopes: ["read"], expiresAt: NOON },
    });
    expect(await other.get("session", "nobody")).toBeUndefined();
  });

  it("let one of many writers win", async () => {
    const first = await store.get("session", "one");
    const writes = Array.from({ length: 10 }, (_one, index) =>
      (index % 2 === 0 ? store : other).write(
        session("one", { expect: first?.revision ?? 0, task: String(index) }),
      ),
    );
    const replies = await Promise.all(writes);
    expect(replies.filter(({ kind }) => kind === "written")).toHaveLength(1);
    expect(replies.filter(({ kind }) => kind === "conflict")).toHaveLength(9);
  });

  it("do all of a batch or nothing", async () => {
    const batch = [session("two", { expect: "absent" }), session("one", { expect: "absent" })];
    expect(await store.write(...batch)).toMatchObject({ kind: "conflict", why: "taken" });
    expect(await store.get("session", "two")).toBeUndefined();
  });

  it("page by id, by owner and by tenant, and forget what is removed", async () => {
    await store.write(session("three"), session("four"), session("five", { agent: "u" }));
    await store.write(session("six", { tenant: id("acme") }));
    const ids = async (query: object) => {
      const base = { tenant: TENANT, limit: 9 };
      return (await other.list("session", { ...base, ...query })).map(({ id: entry }) => entry);
    };
    expect(await ids({ owner: "t", limit: 2 })).toEqual(["four", "one"]);
    expect(await ids({ owner: "t", after: "one" })).toEqual(["three"]);
    expect(await ids({})).toEqual(["five", "four", "one", "three"]);
    expect(await ids({ tenant: EVERY_TENANT })).toContain("six");
    await store.write(session("five", { agent: "t" }));
    expect(await ids({ owner: "u" })).toEqual([]);
    await store.write(removal("four"));
    expect(await ids({ owner: "t" })).toEqual(["five", "one", "three"]);
    expect(await other.count("session")).toBe(4);
    expect(await store.write(session("four", { expect: "absent" }))).toMatchObject({
      kind: "written",
    });
  });

  it("have a unique name at most once, free again when it changes or goes", async () => {
    await store.write(key("k1", "aa"));
    expect(await other.byName("key", "aa")).toMatchObject({ id: "k1" });
    expect(await store.write(key("k2", "aa"))).toMatchObject({ kind: "conflict", why: "taken" });
    await store.write(key("k1", "bb"));
    expect(await store.write(key("k2", "aa"))).toMatchObject({ kind: "written" });
    expect(await other.byName("key", "aa")).toMatchObject({ id: "k2" });
    await store.write({ kind: "remove", of: "key", id: "k2", tenant: TENANT, expect: "any" });
    expect(await other.byName("key", "aa")).toBeUndefined();
  });

  it("are not removed where somebody has changed them", async () => {
    const stale = { ...removal("one"), expect: 1 } as Write;
    expect(await store.write(stale)).toMatchObject({ kind: "conflict", why: "changed" });
  });

  it("are forgotten when their time has passed", async () => {
    await store.write(session("old", { expiresAt: 10 }), session("young", { expiresAt: 20 }));
    await store.prune(instant(20));
    expect(await other.get("session", "old")).toBeUndefined();
    expect(await other.get("session", "young")).toMatchObject({ id: "young" });
    await store.write(removal("young"));
  });

  it("tell their followers of every change, in order and once", async () => {
    await using feed = place.feed();
    const heard: string[] = [];
    const take = (): void => {
      for (const { id: entry, body } of feed.news()) heard.push(`${entry} ${body !== undefined}`);
    };
    const first = await feed.first();
    expect(first.map(({ id: entry }) => entry)).toContain("three");
    feed.watch(take);
    await other.write(session("seven"));
    await store.write(removal("seven"));
    await expect.poll(() => heard.at(-1)).toBe("seven false");
    expect(heard.filter((word) => word === "seven false")).toHaveLength(1);
    await other.write(session("eight"), session("nine"));
    await (feed.catchUp?.() ?? Promise.resolve(take()));
    await expect.poll(() => heard.slice(-2)).toEqual(["eight true", "nine true"]);
  });
});

describe.each(Object.entries(databases))("the directory on %s", (_name, prepare) => {
  let place: SqlPlace;
  let store: OpenDirectoryStore;
  let other: OpenDirectoryStore;
  beforeAll(async () => {
    place = await prepare();
    [store, other] = [cleanups.use(await place.open()), cleanups.use(await place.open())];
  }, 120_000);

  it("counts a key's requests exactly, whoever counts them", async () => {
    const subject = { tenant: "default", key: "key_1", meter: "api" };
    const quota = { minute: 30, month: 1_000 };
    const takes = Array.from({ length: 50 }, (_, i) =>
      (i % 2 === 0 ? store : other).quotas.take(subject, quota, NOON),
    );
    const replies = await Promise.all(takes);
    expect(replies.filter(({ kind }) => kind === "taken")).toHaveLength(30);
    const [minute, , month] = await store.quotas.standings(subject, quota, NOON);
    expect(minute).toMatchObject({ used: 30, remaining: 0, resetsAt: NOON + 60_000 });
    expect(month).toMatchObject({ used: 30, remaining: 970 });
    const later = instant(NOON + 60_000);
    expect(await other.quotas.take(subject, quota, later)).toMatchObject({ kind: "taken" });
    await store.quotas.take({ ...subject, key: "key_2" }, {}, later);
    await store.quotas.take({ ...subject, meter: "scans" }, {}, later);
    await store.quotas.take({ ...subject, tenant: "acme", key: "key_3" }, {}, later);
    expect(await store.quotas.usedIn("2026-11", subject)).toBe(31);
    expect(await store.quotas.usedIn("2026-11", { tenant: "default", meter: "api" })).toBe(32);
    expect(await store.quotas.usedIn("2026-10", subject)).toBe(0);
  });

  it("keeps the latest use of a key", async () => {
    const latest = new Map([["key_1", 9]]);
    for (const at of [5, 9, 3]) await store.touch(new Map([["key_1", instant(at)]]));
    expect(await store.lastUses(["key_1"])).toEqual(latest);
    await other.touch(new Map([["key_1", instant(4)]]));
    expect(await other.lastUses(["key_1"])).toEqual(latest);
  });

  it("writes the uses of keys within a second, or when it is closed, for everybody", async () => {
    const third = await place.open();
    await third.touch(new Map([["key_2", instant(5)]]));
    await third[Symbol.asyncDispose]();
    expect(await other.lastUses(["key_2"])).toEqual(new Map([["key_2", 5]]));
    await store.touch(new Map([["key_3", instant(5)]]));
    await expect.poll(() => other.lastUses(["key_3"])).toEqual(new Map([["key_3", 5]]));
  });
});
