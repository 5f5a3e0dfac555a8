/**
 * A process of its own that spends from budgets in Redis and kills itself, as a crash would, at one
 * named point of its last call. `point` none: it ends by itself. Says how many calls were held.
 *
 * Usage: node redis-budget-worker.ts <url> <prefix> <name> <calls> <point>
 */
import { writeSync } from "node:fs";
import { millis } from "../../src/core/units.ts";
import { parseRedisAddress } from "../../src/stores/redis/redis-address.ts";
import { RedisBudgetStore } from "../../src/stores/redis/budget-store.ts";
import { openRedis } from "../../src/stores/redis/redis-client.ts";
import { RedisKeys } from "../../src/stores/redis/redis-keys.ts";
import { attemptOf, holdOf, used } from "./budget-holds.ts";
import { FAULT_LEASE_MS, type FAULT_POINTS } from "./fault-points.ts";

const [url = "", prefix = "", name = "", calls = "0", wanted = "none"] = process.argv.slice(2);
const reply = parseRedisAddress(url);
if (reply.kind === "wrong") throw new Error(reply.message);
const client = await openRedis({
  address: reply.address,
  tls: { ca: undefined },
  timeout: 5000,
});
const store = new RedisBudgetStore({ client, keys: new RedisKeys(prefix) });
const lease = millis(FAULT_LEASE_MS);
const last = Number(calls) - 1;

function at(point: (typeof FAULT_POINTS)[number], call: number): void {
  if (point === wanted && call === last) process.kill(process.pid, "SIGKILL");
}

async function spend(call: number): Promise<boolean> {
  const attempt = attemptOf(`${name}-${call}`);
  at("before_reserve", call);
  const reserving = store.reserve(attempt, [holdOf("t|a", 7, 706), holdOf("t|b", 1, 1000)], lease);
  at("reserve_sent", call);
  const { kind } = await reserving;
  at("reserved", call);
  if (kind !== "held") return false;
  const resizing = store.resize(attempt, [holdOf("t|a", 6, 706)], lease);
  at("resize_sent", call);
  await resizing;
  at("resized", call);
  const settling = store.settle(attempt, [used("t|a", 5), used("t|b", 1)]);
  at("settle_sent", call);
  await settling;
  at("settled", call);
  return true;
}

let held = 0;
if (wanted === "none") {
  const replies = await Promise.all(
    Array.from({ length: Number(calls) }, async (_, call) =>
      store.reserve(attemptOf(`${name}-${call}`), [holdOf("t|a", 7, 706)], lease),
    ),
  );
  held = replies.filter(({ kind }) => kind === "held").length;
} else {
  for (let call = 0; call <= last; call += 1) held += (await spend(call)) ? 1 : 0;
}
writeSync(1, String(held));
await store[Symbol.asyncDispose]();
await client[Symbol.asyncDispose]();
