import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { TestLedger } from "./ledger-fixture.ts";

const ROUNDS = 50;
const ACKNOWLEDGED_MAX = 300;
const CHILD = new URL("ledger-crash-child.ts", import.meta.url).pathname;

/** Starts a writer, kills it after so many acknowledgements, answers with all it acknowledged. */
async function crash(directory: string, round: number, after: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory, String(round)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "sallyport-test-compile-cache") },
  });
  const gone = once(child, "exit");
  const seen: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== "ready") seen.push(line);
    if (seen.length >= after) child.kill("SIGKILL");
  }
  expect(await gone).toEqual([null, "SIGKILL"]);
  return seen;
}

describe("kill -9 under load", () => {
  it(`loses no acknowledged intent in ${ROUNDS} rounds, and leaves none without an outcome`, async () => {
    using test = new TestLedger();
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const after = Math.floor(Math.random() * ACKNOWLEDGED_MAX);
      acknowledged.push(...(await crash(test.directory, round, after)));
    }
    const ledger = await test.open();
    await ledger.seal();

    expect(test.writers().length).toBe(1);
    expect(await test.problems()).toEqual([]);
    const open = new Set<string>();
    const intents = new Set<string>();
    let unknown = 0;
    for (const entry of await test.entries()) {
      if (entry.kind === "intent") {
        intents.add(entry.exchange);
        open.add(entry.exchange);
      }
      if (entry.kind !== "outcome") continue;
      expect(open.delete(entry.exchange)).toBe(true);
      if (entry.outcome.kind === "unknown") unknown += 1;
    }
    expect(acknowledged.filter((exchange) => !intents.has(exchange))).toEqual([]);
    expect([...open]).toEqual([]);
    expect(unknown).toBeGreaterThan(0);
  }, 240_000);
});
