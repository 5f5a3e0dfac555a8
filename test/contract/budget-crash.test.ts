/** Killed between any two steps: no free money, and nothing held longer than its lease. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { instant } from "../../src/core/units.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";

const CHILD = new URL("../support/budget-fault-child.ts", import.meta.url).pathname;
const NOW = 1_780_000_000_000;
const LEASE_MS = 600_000;
/** Children at a time: they spend most of their life starting. */
const PARALLEL = 4;
/** More than the statements of one run. */
const POINTS_MAX = 200;

const root = mkdtempSync(join(tmpdir(), "sallyport-fault-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function runUntil(point: number, file: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [CHILD, file, String(point), String(NOW)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  await once(child.stdout, "close");
  return text.split("\n").filter((line) => line !== "");
}

/** What one budget may have used at least and at most, going by what the process said. */
function boundsOf(lines: readonly string[]): { readonly least: number; readonly most: number } {
  const attempts = new Map<string, { least: number; most: number }>();
  for (const line of lines) {
    const [step, attempt = "", text] = line.split(" ");
    const amount = Number(text);
    const known = attempts.get(attempt) ?? { least: 0, most: 0 };
    if (step === "held" || step === "settled")
      attempts.set(attempt, { least: amount, most: amount });
    else if (step === "reserve") attempts.set(attempt, { least: 0, most: amount });
    else if (step === "resize" || step === "settle") {
      attempts.set(attempt, {
        least: Math.min(known.least, amount),
        most: Math.max(known.most, amount),
      });
    }
  }
  const all = [...attempts.values()];
  return {
    least: all.reduce((sum, { least }) => sum + least, 0),
    most: all.reduce((sum, { most }) => sum + most, 0),
  };
}

async function check(point: number): Promise<boolean> {
  const file = join(root, `${point}.db`);
  const lines = await runUntil(point, file);
  const { least, most } = boundsOf(lines);
  await using store = openBudgetStore(file, () => instant(NOW));
  const [a, b] = await store.balances(["a", "b"]);
  const usedNow = (a?.spent ?? 0) + (a?.held ?? 0);
  expect(usedNow, `at point ${point}`).toBeGreaterThanOrEqual(least);
  expect(usedNow, `at point ${point}`).toBeLessThanOrEqual(most);
  expect({ ...b, key: "a" }, "both budgets or neither").toEqual(a);
  await using later = openBudgetStore(file, () => instant(NOW + LEASE_MS));
  expect(await later.balances(["a"])).toEqual([{ key: "a", spent: usedNow, held: 0 }]);
  return lines.includes("done");
}

it("a process killed before any of its statements neither frees money nor keeps it held", async () => {
  let next = 1;
  let finished = false;
  const work = async (): Promise<void> => {
    while (!finished && next <= POINTS_MAX) {
      const point = next;
      next += 1;
      if (await check(point)) finished = true;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  expect(finished).toBe(true);
  expect(next).toBeGreaterThan(30);
}, 120_000);
