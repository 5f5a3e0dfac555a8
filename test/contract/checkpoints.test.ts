import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { BudgetStore } from "../../src/core/money/budget.ts";
import { instant, millis } from "../../src/core/units.ts";
import { DEFAULT_TENANT } from "../../src/core/identity/tenant.ts";
import { SqliteUsageStore } from "../../src/stores/sqlite/usage-store.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { attemptOf, holdOf } from "../support/budget-holds.ts";

const LEASE = millis(600_000);
/** Between two checkpoints. */
const COMMITS = 1000;
/** SQLite itself would checkpoint at so many bytes (`WAL_PAGES_MAX`). */
const LOG_BYTES_MAX = 32_000 * 2048;
/** Where a write-ahead log says how often it was begun anew. @see https://sqlite.org/fileformat2.html#walformat */
const SEQUENCE_AT = 12;

const root = mkdtempSync(join(tmpdir(), "sallyport-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let attempts = 0;
const reserve = async (store: BudgetStore): Promise<string> =>
  (await store.reserve(attemptOf((attempts += 1)), [holdOf("a", 1, 1_000_000)], LEASE)).kind;
const sequence = (path: string): number => readFileSync(`${path}-wal`).readUInt32BE(SEQUENCE_AT);

it("the write-ahead log is moved into its file by a thread, and begun anew", async () => {
  const path = join(root, "quiet.db");
  await using store = openBudgetStore(path, () => instant(Date.now()));
  const first = attempts;
  await reserve(store);
  const before = sequence(path);
  // The last of so many commits asks for a checkpoint; the first after it begins the log anew.
  const anew = async (): Promise<number> => {
    for (let i = 0; i < COMMITS; i += 1) await reserve(store);
    return sequence(path);
  };
  await expect.poll(anew, { interval: 300, timeout: 20_000 }).toBeGreaterThan(before);
  expect(await store.balances(["a"])).toEqual([{ key: "a", spent: 0, held: attempts - first }]);
}, 120_000);

it("a log that is written without a pause is begun anew before SQLite does it by itself", async () => {
  const path = join(root, "busy.db");
  await using store = openBudgetStore(path, () => instant(Date.now()));
  await reserve(store);
  const before = sequence(path);
  let longest = 0;
  while (sequence(path) === before) {
    for (let i = 0; i < 100; i += 1) await reserve(store);
    longest = Math.max(longest, statSync(`${path}-wal`).size);
  }
  expect(longest).toBeLessThan(LOG_BYTES_MAX);
}, 120_000);

it("the log of the usage counts is moved and begun anew too, and every call is counted", async () => {
  const path = join(root, "usage.db");
  using store = new SqliteUsageStore(path, (cause) => expect.fail(String(cause)));
  const cell = { tenant: DEFAULT_TENANT, day: "2026-11-21", agent: "a", team: "", user: "" };
  const where = { ...cell, upstream: "u", model: "m", tool: "" };
  const one = { calls: 1, refused: 0, inputTokens: 2, outputTokens: 3, nanoUsd: 4, estimated: 0 };
  const day = { from: cell.day, to: cell.day, tenant: DEFAULT_TENANT, only: {}, max: 1 };
  let calls = 0;
  // A report writes what was added before it is read.
  const count = (): number => {
    calls += 1;
    store.add(where, one);
    return store.report({ ...day, groups: [] })[0]?.counts.calls ?? 0;
  };
  expect(count()).toBe(1);
  const before = sequence(path);
  const anew = (): number => {
    for (let i = 0; i < COMMITS; i += 1) count();
    return sequence(path);
  };
  await expect.poll(anew, { interval: 300, timeout: 20_000 }).toBeGreaterThan(before);
  expect(count()).toBe(calls);
}, 120_000);
