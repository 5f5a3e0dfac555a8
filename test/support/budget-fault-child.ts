/**
 * A process that spends, and kills itself with SIGKILL before the n-th thing it says to SQLite: the
 * fault points are all of them, one after the other. It tells each step before and after.
 *
 * Usage: node budget-fault-child.ts <file> <n> <now>
 */
import { writeSync } from "node:fs";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { instant, millis } from "../../src/core/units.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { attemptOf, holdOf, used } from "./budget-holds.ts";

const [file = "", at = "0", now = "0"] = process.argv.slice(2);
const LEASE = millis(600_000);
let left = Number(at);

function faultPoint(): void {
  left -= 1;
  if (left === 0) process.kill(process.pid, "SIGKILL");
}

for (const [prototype, names] of [
  [StatementSync.prototype, ["run", "get", "all"]],
  [DatabaseSync.prototype, ["exec"]],
] as const) {
  for (const name of names) {
    const original: unknown = Reflect.get(prototype, name);
    if (typeof original !== "function") throw new Error(`no ${name}`);
    Reflect.set(prototype, name, function patched(this: unknown, ...values: unknown[]): unknown {
      faultPoint();
      return Reflect.apply(original, this, values);
    });
  }
}

const say = (line: string): void => void writeSync(1, `${line}\n`);

const store = openBudgetStore(file, () => instant(Number(now)));
const hold = (amount: number) => [holdOf("a", amount, 1000), holdOf("b", amount, 1000)];

say("reserve 1 40");
await store.reserve(attemptOf(1), hold(40), LEASE);
say("held 1 40");
say("resize 1 70");
await store.resize(attemptOf(1), hold(70), LEASE);
say("held 1 70");
say("settle 1 25");
await store.settle(attemptOf(1), [used("a", 25), used("b", 25)]);
say("settled 1 25");
say("reserve 2 10");
await store.reserve(attemptOf(2), hold(10), LEASE);
say("held 2 10");
say("settle 2 0");
await store.settle(attemptOf(2), []);
say("settled 2 0");
say("reserve 3 5");
await store.reserve(attemptOf(3), hold(5), LEASE);
say("held 3 5");
await store[Symbol.asyncDispose]();
say("done");
