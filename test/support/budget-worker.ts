/**
 * A process of its own that spends from a budget store until it is done or killed. Every step is
 * announced before it is taken and acknowledged after, one line each, written synchronously.
 *
 * Usage: node budget-worker.ts <file> <name> <calls> <parallel> <limit>
 */
import { writeSync } from "node:fs";
import { id, instant, millis, type ExchangeId } from "../../src/core/units.ts";
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
    const exchange = id<ExchangeId>(`exc_${name}_${n}`);
    const used = n % 4;
    say(`reserve ${exchange} ${HOLD}`);
    const hold = {
      key: "shared",
      amount: HOLD,
      resetsAt: undefined,
      budget: {
        id: id<never>("shared"),
        unit: "calls",
        limit: Number(limit),
        per: "all",
        window: { kind: "lifetime" },
      },
    } as const;
    const reply = await store.reserve(exchange, [hold], LEASE);
    say(`${reply.kind} ${exchange} ${HOLD}`);
    if (reply.kind !== "held" || used === 3) continue;
    say(`settle ${exchange} ${used}`);
    const settled = await store.settle(exchange, [{ key: "shared", amount: used }]);
    say(`${settled} ${exchange} ${used}`);
  }
}

await Promise.all(Array.from({ length: Number(parallel) }, spend));
await store[Symbol.asyncDispose]();
