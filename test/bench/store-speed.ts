/**
 * What it costs to set money aside over five budgets and to settle it: embedded, and on a Redis of
 * its own, next to a bare round trip to the same Redis in the same run.
 *
 * Usage: node test/bench/store-speed.ts [exchanges]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BudgetStore } from "../../src/core/money/budget.ts";
import { instant, millis } from "../../src/core/units.ts";
import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import { RedisRateStore } from "../../src/stores/redis/rate-store.ts";
import type { RedisClient } from "../../src/stores/redis/redis-client.ts";
import { redisScript } from "../../src/stores/redis/redis-script.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { rateClaim } from "../contract/rate-store-suite.ts";
import { attemptOf, holdOf, used } from "../support/budget-holds.ts";
import { startRedis } from "../support/redis-server.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";

const EXCHANGES = Number(process.argv[2] ?? 5000);
const WARM_UP = 500;
const PARALLEL = [1, 16];
const LEASE = millis(600_000);
const LIMIT = 2 ** 50;
const KEYS = ["tenant", "team", "agent", "model", "session"].map((name) => `acme|${name}|x|1`);
const HOLDS = KEYS.map((key) => holdOf(key, 1000, LIMIT));
const USED = KEYS.map((key) => used(key, 700));

interface Figures {
  readonly name: string;
  readonly parallel: number;
  /** Microseconds. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
}

let next = 0;
let settling: Promise<unknown> = Promise.resolve();

/** CPU of this process and time until the answer, over so many calls at a time. */
async function measure(
  name: string,
  parallel: number,
  work: () => Promise<unknown>,
): Promise<Figures> {
  const times: number[] = [];
  const run = async (count: number): Promise<void> => {
    let left = count;
    const loop = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const started = performance.now();
        await work();
        times.push((performance.now() - started) * 1000);
      }
    };
    await Promise.all(Array.from({ length: parallel }, loop));
  };
  await run(WARM_UP);
  times.length = 0;
  const before = process.cpuUsage();
  await run(EXCHANGES);
  await settling;
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.floor(times.length * part)] ?? 0;
  return { name, parallel, cpu: (user + system) / EXCHANGES, p50: at(0.5), p99: at(0.99) };
}

const exchangeOn = (store: BudgetStore) => async (): Promise<void> => {
  const attempt = attemptOf((next += 1));
  const reply = await store.reserve(attempt, HOLDS, LEASE);
  if (reply.kind !== "held") throw new Error(`not held: ${JSON.stringify(reply)}`);
  // As in the gate: nobody waits for it, so its time is in the CPU only.
  settling = store.settle(attempt, USED);
};

const BARE = redisScript("#!lua\nreturn 1");

async function onRedis(client: RedisClient, parallel: number): Promise<readonly Figures[]> {
  const keys = freshKeys();
  await using store = new RedisBudgetStore({ client, keys });
  using rates = new RedisRateStore({ client, keys });
  const claims = [rateClaim(1e9), rateClaim(1e9, { counts: "tokens", amount: 100 })];
  return [
    await measure("bare round trip", parallel, () => client.run(BARE, ["k"], [])),
    await measure("Redis: reserve + settle, 5 budgets", parallel, exchangeOn(store)),
    await measure("Redis: take 2 limits", parallel, async () => {
      return rates.take(attemptOf((next += 1)) as never, claims);
    }),
  ];
}

async function embedded(parallel: number): Promise<Figures> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  try {
    await using store = openBudgetStore(join(directory, "b.db"), () => instant(Date.now()));
    return await measure("embedded: reserve + settle, 5 budgets", parallel, exchangeOn(store));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await using redis = await startRedis();
await using client = await redisClient(redis.url);
console.log("µs per exchange; × is the ratio to a bare round trip at the same parallelism\n");
console.log(`${"".padEnd(40)} ${"at".padStart(3)} ${"CPU".padStart(14)} ${"p50".padStart(16)} p99`);
for (const parallel of PARALLEL) {
  const rows = [...(await onRedis(client, parallel)), await embedded(parallel)];
  const [bare] = rows;
  if (bare === undefined) continue;
  for (const { name, cpu, p50, p99 } of rows) {
    const cell = (value: number, of: number): string =>
      `${value.toFixed(0).padStart(6)} (${(value / of).toFixed(1)} ×)`.padStart(15);
    const cells = [cell(cpu, bare.cpu), cell(p50, bare.p50), cell(p99, bare.p99)];
    console.log(`${name.padEnd(40)} ${String(parallel).padStart(3)} ${cells.join(" ")}`);
  }
}
