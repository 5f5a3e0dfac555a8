/**
 * A process of its own that spends from a budget store until it is done or killed. Every step is
 * announced before it is taken and acknowledged after, one line each, written synchronously.
 *
 * Usage: node budget-worker.ts <file> <name> <calls> <parallel> <limit>
 */
import { writeSync } from "node:fs";
import { id, instant, millis, type AttemptId } from "../../src/core/units.ts";
import { holdOf } from "./budget-holds.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";

const [file = "", name = "", calls = "0", parallel = "1", limit = "0"] = process.argv.slice(2);
const LEASE = millis(600_000);
const HOLD = 10;

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

const store = openBudgetStore(file, () => instant(Date.now()));
let next = 0;

async function spend(): Promise<void> {
  while (next < Number(calls)) {
    const n = next;
    next += 1;
    const exchange = id<AttemptId>(`exc_${name}_${n}:1`);
    const used = n % 4;
    say(`reserve ${exchange} ${HOLD}`);
    const hold = holdOf("shared", HOLD, Number(limit));
    const reply = await store.reserve(exchange, [hold], LEASE);
    say(`${reply.kind} ${exchange} ${HOLD}`);
    if (reply.kind !== "held" || used === 3) continue;
    say(`settle ${exchange} ${used}`);
    const { kind } = await store.settle(exchange, [{ key: "shared", amount: used, trailing: [] }]);
    say(`${kind} ${exchange} ${used}`);
  }
}

await Promise.all(Array.from({ length: Number(parallel) }, spend));
await store[Symbol.asyncDispose]();
