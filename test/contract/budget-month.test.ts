import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import type { RedisClient } from "../../src/stores/redis/redis-client.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { simulateMonth, type MonthWorld } from "../support/month-simulation.ts";
import { startRedis } from "../support/redis-server.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";

/** `SALLYPORT_SIMULATION_SEEDS` makes it more months, `…_ROUNDS` longer ones. */
const SEEDS = Array.from(
  { length: Number(process.env["SALLYPORT_SIMULATION_SEEDS"] ?? 2) },
  (_, n) => n + 1,
);
const MONTH_MS_MAX = 120_000;

/** One file, eight connections. */
function sqliteWorld(): MonthWorld {
  const root = mkdtempSync(join(tmpdir(), "sallyport-month-"));
  return {
    breaks: false,
    dying: true,
    exact: true,
    open: async (now) => {
      const store = openBudgetStore(join(root, "budgets.db"), now);
      return { store, die: async () => store[Symbol.asyncDispose]() };
    },
    round: (_random, work) => work(),
    [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true, force: true }),
  };
}

/** One round in so many finds Redis killed in its middle. */
const RESTART_ONE_IN = 8;
/** Into a round: some calls are answered, some are under way, some not sent. */
const RESTART_AFTER_MS_MAX = 8;
const WHOLE_MS_MAX = 20_000;

interface Connected {
  readonly client: RedisClient;
  readonly store: RedisBudgetStore;
}

/**
 * Redis keeps its own time. `kept`: what it acknowledged outlives it; else it comes back empty, and
 * the replicas tell it what they know.
 */
async function redisWorld(kept: boolean): Promise<MonthWorld> {
  const durable = ["--appendonly", "yes", "--appendfsync", "always"];
  const server = await startRedis(...(kept ? durable : []));
  const keys = freshKeys();
  const live = new Set<Connected>();
  /** Connected again, and nothing left to settle or to void. */
  const whole = async (): Promise<void> => {
    const isWhole = ({ client, store }: Connected) => client.health.ok && store.unsettled === 0;
    await expect
      .poll(() => [...live].every(isWhole), { timeout: WHOLE_MS_MAX, interval: 5 })
      .toBe(true);
  };
  return {
    breaks: true,
    dying: kept,
    exact: kept,
    open: async (_now, clock) => {
      const client = await redisClient(server.url);
      const connected = { client, store: new RedisBudgetStore({ client, keys, clock }) };
      live.add(connected);
      return {
        store: connected.store,
        die: async () => {
          live.delete(connected);
          await client[Symbol.asyncDispose]();
        },
      };
    },
    async round(random, work) {
      const restarts = Math.floor(random() * RESTART_ONE_IN) === 0;
      const after = random() * RESTART_AFTER_MS_MAX;
      const working = work();
      if (restarts) {
        await pause(after);
        await server.restart();
      }
      await working;
      await whole();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe("a month of traffic over eight replicas", () => {
  it.each(SEEDS)(
    "comes out to the nano-dollar in one file, whatever died (seed %i)",
    async (seed) => {
      await using world = sqliteWorld();
      await simulateMonth(seed, world);
    },
    MONTH_MS_MAX,
  );

  it.each(SEEDS)(
    "comes out to the nano-dollar on a Redis that keeps what it said, whatever died (seed %i)",
    async (seed) => {
      await using world = await redisWorld(true);
      await simulateMonth(seed, world);
    },
    MONTH_MS_MAX,
  );

  it.each(SEEDS)(
    "never spends what it has not on a Redis that comes back empty (seed %i)",
    async (seed) => {
      await using world = await redisWorld(false);
      await simulateMonth(seed, world);
    },
    MONTH_MS_MAX,
  );
});
