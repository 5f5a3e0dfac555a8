import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { instant, millis } from "../../src/core/units.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { attemptOf, holdOf } from "../support/budget-holds.ts";

const LEASE = millis(600_000);
/** Enough for a checkpoint by commits, and far from one by size. */
const COMMITS = 1100;
/** Where a write-ahead log says how often it was begun anew. @see https://sqlite.org/fileformat2.html#walformat */
const SEQUENCE_AT = 12;

const root = mkdtempSync(join(tmpdir(), "sallyport-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("the write-ahead log is moved into its file by a thread, and begun anew", async () => {
  const path = join(root, "budgets.db");
  await using store = openBudgetStore(path, () => instant(Date.now()));
  let n = 0;
  const reserve = async (): Promise<string> =>
    (await store.reserve(attemptOf((n += 1)), [holdOf("a", 1, 1_000_000)], LEASE)).kind;
  const sequence = (): number => readFileSync(`${path}-wal`).readUInt32BE(SEQUENCE_AT);
  expect(await reserve()).toBe("held");
  const before = sequence();
  while (n < COMMITS) await reserve();
  // Whoever writes after the checkpoint begins the log anew.
  const anew = async (): Promise<number> => ((await reserve()) === "held" ? sequence() : before);
  await expect.poll(anew, { timeout: 10_000 }).toBeGreaterThan(before);
  expect(await store.balances(["a"])).toEqual([{ key: "a", spent: 0, held: n }]);
}, 30_000);
