import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import { RedisKeys } from "../../src/stores/redis/redis-keys.ts";
import { FAULT_LEASE_MS, FAULT_POINTS } from "../support/fault-points.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/shared-redis.ts";
import { budgetStoreSuite } from "./budget-store-suite.ts";

budgetStoreSuite("Redis", async () => {
  const client = await redisClient(await sharedRedis());
  const keys = freshKeys();
  return {
    open: (clock) => new RedisBudgetStore({ client, keys, clock }),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
});

const WORKER = new URL("../support/redis-budget-worker.ts", import.meta.url).pathname;

/** A process that makes its calls and dies at the point; what it said before. */
async function work(prefix: string, name: string, calls: number, point: string): Promise<string> {
  const args = [WORKER, await sharedRedis(), prefix, name, String(calls), point];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  await once(child, "close");
  return text;
}

/** What others see, now or after every lease has ended. */
async function seen(prefix: string, later: number) {
  await using client = await redisClient(await sharedRedis());
  const clock = () => Date.now() + later;
  await using store = new RedisBudgetStore({ client, keys: new RedisKeys(prefix), clock });
  const [a, b] = await store.balances(["t|a", "t|b"]);
  return { a: a && [a.spent, a.held], b: b && [b.spent, b.held] };
}

describe("the Redis budget store among processes", () => {
  it("admits exactly 100 of 200 callers in four processes where 100 fit", async () => {
    const prefix = `test-${randomUUID()}`;
    const said = await Promise.all(
      ["a", "b", "c", "d"].map((name) => work(prefix, name, 50, "none")),
    );
    expect(said.reduce((sum, held) => sum + Number(held), 0)).toBe(100);
    expect(await seen(prefix, 0)).toMatchObject({ a: [0, 700] });
  });

  /** What the third call may have left behind on `t|a`, spent and held, when its process died. */
  const LEFT: Record<(typeof FAULT_POINTS)[number], readonly (readonly [number, number])[]> = {
    before_reserve: [[0, 0]],
    reserve_sent: [
      [0, 0],
      [0, 7],
    ],
    reserved: [[0, 7]],
    resize_sent: [
      [0, 7],
      [0, 6],
    ],
    resized: [[0, 6]],
    settle_sent: [
      [0, 6],
      [5, 0],
    ],
    settled: [[5, 0]],
  };

  it.each(FAULT_POINTS)("loses and leaks nothing when a process dies at %s", async (point) => {
    const prefix = `test-${randomUUID()}`;
    await work(prefix, point, 3, point);
    const now = await seen(prefix, 0);
    const possible = LEFT[point].map(([spent, held]) => [10 + spent, held]);
    expect(possible).toContainEqual(now.a);
    const later = await seen(prefix, FAULT_LEASE_MS + 60_000);
    expect(later.a).toEqual([(now.a?.[0] ?? 0) + (now.a?.[1] ?? 0), 0]);
    expect(later.b?.[1]).toBe(0);
  });
});
