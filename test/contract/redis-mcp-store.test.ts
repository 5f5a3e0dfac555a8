/** What replicas share of MCP: whose a session is, what its client can do, and to whom a state is. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { id, instant, type Digest, type ReviewId } from "../../src/core/units.ts";
import { RedisMcpSessions } from "../../src/stores/redis/mcp-session-store.ts";
import type { RedisClient } from "../../src/stores/redis/redis-client.ts";
import type { RedisKeys } from "../../src/stores/redis/redis-keys.ts";
import { RedisRequestStates } from "../../src/stores/redis/request-state-store.ts";
import { SqliteMcpSessions } from "../../src/stores/sqlite/mcp-session-store.ts";
import { newDirectory } from "../support/new-directory.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/shared-redis.ts";

const ASKABLE = '{"elicitation":{}}';
const APPROVAL = { review: id<ReviewId>("rev_1"), policy: id<Digest>("p") };
const now = () => instant(1_800_000_000_000);

interface Replica {
  readonly client: RedisClient;
  readonly local: SqliteMcpSessions;
  readonly sessions: RedisMcpSessions;
  readonly states: RedisRequestStates;
}

async function replica(url: string, keys: RedisKeys): Promise<Replica> {
  const client = await redisClient(url);
  const local = new SqliteMcpSessions(join(newDirectory(), "sessions.db"), now);
  const shared = { client, keys };
  const sessions = new RedisMcpSessions(local, shared);
  return { client, local, sessions, states: new RedisRequestStates(shared) };
}

let one: Replica;
let other: Replica;

beforeEach(async () => {
  const url = await sharedRedis();
  const keys = freshKeys();
  [one, other] = await Promise.all([replica(url, keys), replica(url, keys)]);
});

afterEach(async () => {
  for (const { client, local } of [one, other]) {
    local[Symbol.dispose]();
    await client[Symbol.asyncDispose]();
  }
});

describe("a session", () => {
  it("is at every replica whose it was opened for at one, whoever had it before", async () => {
    expect(await other.sessions.claim("tools/s", "mal")).toBe("mal");
    one.sessions.open("tools/s", "ada");
    await expect.poll(() => other.sessions.claim("tools/s", "mal")).toBe("ada");
    expect(await one.sessions.claim("tools/s", "mal")).toBe("ada");
  });

  it("that was opened elsewhere is the first asker's, at whichever replica that was", async () => {
    const asked = await Promise.all([
      one.sessions.claim("tools/s", "ada"),
      other.sessions.claim("tools/s", "bob"),
    ]);
    expect(new Set(asked).size).toBe(1);
    expect(["ada", "bob"]).toContain(asked[0]);
  });

  it("is forgotten at every replica, with what its client can do", async () => {
    one.sessions.open("tools/s", "ada");
    one.sessions.introduce("tools/s", ASKABLE);
    await expect.poll(() => other.sessions.capabilitiesOf("tools/s")).toBe(ASKABLE);
    other.sessions.forget("tools/s");
    one.local.forget("tools/s");
    await expect.poll(() => one.sessions.capabilitiesOf("tools/s")).toBeUndefined();
    expect(await one.sessions.claim("tools/s", "bob")).toBe("bob");
  });

  it("stays whose it is known to be while Redis is away, and is nobody's where it is not", async () => {
    one.sessions.open("tools/s", "ada");
    one.sessions.introduce("tools/s", ASKABLE);
    await expect.poll(() => other.sessions.claim("tools/s", "mal")).toBe("ada");
    for (const { client } of [one, other]) await client[Symbol.asyncDispose]();
    expect(await one.sessions.claim("tools/s", "mal")).toBe("ada");
    expect(await one.sessions.capabilitiesOf("tools/s")).toBe(ASKABLE);
    expect(await other.sessions.claim("tools/s", "mal")).toBe("ada");
    expect(await other.sessions.claim("tools/t", "mal")).toBeUndefined();
  });
});

describe("a state that a server gave out", () => {
  it("may come back with its call at every replica, and with no other", async () => {
    one.states.give("state", "ada");
    await expect.poll(() => other.states.mayBring("state", "mal")).toBe(false);
    expect(await other.states.mayBring("state", "ada")).toBe(true);
    one.states.give("state", "bob");
    await expect.poll(() => other.states.mayBring("state", "bob")).toBe(true);
  });

  it("is for its server to judge where it is unknown, and nobody's where Redis cannot say", async () => {
    expect(await one.states.mayBring("of another gate", "mal")).toBe(true);
    await one.client[Symbol.asyncDispose]();
    one.states.give("state", "ada");
    expect(await one.states.mayBring("state", "ada")).toBe(false);
    expect(await one.states.carry("state", "ada")).toBeUndefined();
  });

  it("carries the approval of its call once, wherever it comes back, and for no other call", async () => {
    one.states.give("state", "ada", APPROVAL);
    await expect.poll(() => other.states.mayBring("state", "mal")).toBe(false);
    expect(await other.states.carry("state", "mal")).toBeUndefined();
    const carried = await Promise.all(
      [one, other].map(({ states }) => states.carry("state", "ada")),
    );
    expect(carried.filter((approval) => approval !== undefined)).toEqual([APPROVAL]);
    expect(await one.states.mayBring("state", "ada")).toBe(true);
  });
});
