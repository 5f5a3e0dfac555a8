/** One suite for the directory on both databases, each a real one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DirectoryFeed } from "../../src/core/identity/directory-feed.ts";
import type { Write } from "../../src/core/identity/directory-store.ts";
import { id, instant, type TenantId } from "../../src/core/units.ts";
import { openSqliteDirectory } from "../../src/stores/directory/open-directory-store.ts";
import {
  openPostgresDirectory,
  PostgresFeed,
} from "../../src/stores/directory/postgres-directory.ts";
import { SqliteFeed } from "../../src/stores/directory/sqlite-feed.ts";
import type { OpenDirectoryStore } from "../../src/stores/directory/sql-directory-store.ts";
import { startPostgres } from "../support/postgres-server.ts";

const NOON = instant(Date.parse("2026-11-21T12:00:00Z"));
const TENANT: TenantId = id("default");

function agent(name: string, expect: number | "absent" | "any", clearance: 1 | 2 = 1): Write {
  return {
    kind: "put",
    expect,
    entry: {
      kind: "agent",
      id: `default/${name}`,
      tenant: TENANT,
      createdAt: instant(1),
      body: {
        name: id(name),
        team: "t",
        user: undefined,
        tags: {},
        clearance,
        description: undefined,
        active: true,
        subjects: [],
      },
    },
  };
}

interface Place {
  open(): Promise<OpenDirectoryStore>;
  feed(): DirectoryFeed & AsyncDisposable;
}

const cleanups = new AsyncDisposableStack();
const places: Record<string, () => Promise<Place>> = {
  SQLite: async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-directory-"));
    cleanups.defer(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, "directory.db");
    return { open: async () => openSqliteDirectory(path), feed: () => new SqliteFeed(path) };
  },
  PostgreSQL: async () => {
    const { url } = cleanups.use(await startPostgres());
    return {
      open: () => openPostgresDirectory(url),
      feed: () => new PostgresFeed(url, () => undefined),
    };
  },
};
afterAll(() => cleanups.disposeAsync());

describe.each(Object.entries(places))("the directory on %s", (_name, prepare) => {
  let place: Place;
  let store: OpenDirectoryStore;
  let other: OpenDirectoryStore;
  beforeAll(async () => {
    place = await prepare();
    [store, other] = [await place.open(), await place.open()];
    cleanups.use(store);
    cleanups.use(other);
  }, 60_000);

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

  it("gives back what was put, to everybody who has it open", async () => {
    expect(await store.write(agent("one", "absent"))).toMatchObject({ kind: "written" });
    expect(await other.get("agent", "default/one")).toMatchObject({ body: { name: "one" } });
  });

  it("lets one of many writers win", async () => {
    const first = await store.get("agent", "default/one");
    const writes = Array.from({ length: 10 }, (_one, index) =>
      (index % 2 === 0 ? store : other).write(agent("one", first?.revision ?? 0, 2)),
    );
    const replies = await Promise.all(writes);
    expect(replies.filter(({ kind }) => kind === "written")).toHaveLength(1);
  });

  it("does all of a batch or nothing", async () => {
    const batch = [agent("two", "absent"), agent("one", "absent")];
    expect(await store.write(...batch)).toMatchObject({ kind: "conflict", why: "taken" });
    expect(await store.get("agent", "default/two")).toBeUndefined();
  });

  it("pages by id, and forgets what is removed", async () => {
    await store.write(agent("three", "any"), agent("four", "any"));
    const query = { tenant: TENANT, owner: "t", limit: 2 };
    const page = await other.list("agent", query);
    expect(page.map(({ id: entry }) => entry)).toEqual(["default/four", "default/one"]);
    const rest = await other.list("agent", { ...query, after: "default/one" });
    expect(rest.map(({ id: entry }) => entry)).toEqual(["default/three"]);
    await store.write({
      kind: "remove",
      of: "agent",
      id: "default/four",
      tenant: TENANT,
      expect: "any",
    });
    expect(await other.count("agent")).toBe(2);
  });

  it("keeps the latest use of a key", async () => {
    for (const at of [5, 9, 3]) await store.touch(new Map([["key_1", instant(at)]]));
    expect(await other.lastUses(["key_1"])).toEqual(new Map([["key_1", 9]]));
  });

  it("tells its followers of every change, in order and once", async () => {
    const feed = place.feed();
    const heard: string[] = [];
    const take = (): void => {
      for (const { id: entry, body } of feed.news()) heard.push(`${entry} ${body !== undefined}`);
    };
    await feed.first();
    feed.watch(take);
    await other.write(agent("five", "absent"));
    await store.write({
      kind: "remove",
      of: "agent",
      id: "default/five",
      tenant: TENANT,
      expect: "any",
    });
    await expect.poll(() => heard.at(-1)).toBe("default/five false");
    await feed[Symbol.asyncDispose]();
  });
});
