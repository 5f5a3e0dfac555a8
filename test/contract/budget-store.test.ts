import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Hold, Window } from "../../src/core/money/budget.ts";
import { turnOf } from "../../src/core/money/holds.ts";
import { instant, millis, type Instant } from "../../src/core/units.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { attemptOf, holdOf, used } from "../support/budget-holds.ts";
import { budgetStoreSuite, type BudgetStorePlace } from "./budget-store-suite.ts";

const LEASE = millis(600_000);
const NOW = instant(1_780_000_000_000);
const WORKER = new URL("../support/budget-worker.ts", import.meta.url).pathname;

interface Directory extends Disposable {
  readonly path: string;
  readonly file: string;
}

function temporaryDirectory(): Directory {
  const path = mkdtempSync(join(tmpdir(), "sallyport-budget-"));
  return {
    path,
    file: join(path, "budgets.db"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

budgetStoreSuite("SQLite", async () => {
  const directory = temporaryDirectory();
  const place: BudgetStorePlace = {
    open: (now) => openBudgetStore(directory.file, now),
    [Symbol.asyncDispose]: async () => directory[Symbol.dispose](),
  };
  return place;
});

interface WorkerOrder {
  readonly file: string;
  readonly name: string;
  readonly parallel: number;
  readonly limit: number;
  /** How `prlimit` is to start it, if it is. */
  readonly limits?: readonly string[];
}

/** A process that spends until it is killed. */
function startWorker({ file, name, parallel, limit, limits }: WorkerOrder) {
  const args = [WORKER, file, name, "1e9", String(parallel), String(limit)];
  const child = spawn(
    limits === undefined ? process.execPath : "prlimit",
    [...(limits ?? []), ...args],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines: string[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return { child, lines, ended: once(child.stdout, "close") };
}

/** What the store may hold at least and at most, going by what a process said before it died. */
function boundsOf(lines: readonly string[]): { least: number; most: number } {
  const bounds = new Map<string, { least: number; most: number }>();
  for (const line of lines) {
    const [step, exchange = "", amount] = line.split(" ");
    const known = bounds.get(exchange) ?? { least: 0, most: 0 };
    const said = Number(amount);
    if (step === "reserve") bounds.set(exchange, { least: 0, most: said });
    else if (step === "held") bounds.set(exchange, { least: said, most: said });
    else if (step === "settle") bounds.set(exchange, { least: said, most: known.most });
    else if (step === "settled") bounds.set(exchange, { least: said, most: said });
    else if (step === "exhausted") bounds.set(exchange, { least: 0, most: 0 });
  }
  const all = [...bounds.values()];
  return {
    least: all.reduce((sum, { least }) => sum + least, 0),
    most: all.reduce((sum, { most }) => sum + most, 0),
  };
}

async function totalIn(file: string): Promise<number> {
  await using store = openBudgetStore(file, () => instant(Date.now()));
  const [balance] = await store.balances(["shared"]);
  return (balance?.spent ?? 0) + (balance?.held ?? 0);
}

describe("the SQLite budget store among processes", () => {
  it("admits exactly 100 of 200 callers in four processes where 100 fit", async () => {
    using directory = temporaryDirectory();
    const workers = ["a", "b", "c", "d"].map((name) => {
      const args = ["-e", ADMIT, directory.file, name];
      const child = spawn(process.execPath, ["--input-type=module", ...args], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
      return once(child.stdout, "close").then(() => Number(text));
    });
    const held = await Promise.all(workers);
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(await totalIn(directory.file)).toBe(700);
  });

  it("keeps every acknowledged nano-dollar when processes are killed at any step", async () => {
    using directory = temporaryDirectory();
    const limit = 100_000;
    const said: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      const workers = ["a", "b"].map((name) =>
        startWorker({ file: directory.file, name: `${name}${round}`, parallel: 8, limit }),
      );
      // Killed by progress, not by time: after a number of lines that differs every round.
      const enough = 10 + round * 37;
      await Promise.all(
        workers.map(async ({ child, lines, ended }) => {
          child.stdout.on("data", () => lines.length >= enough && child.kill("SIGKILL"));
          await ended;
        }),
      );
      for (const { lines } of workers) said.push(...lines);
      const { least, most } = boundsOf(said);
      const total = await totalIn(directory.file);
      expect(total).toBeGreaterThanOrEqual(least);
      expect(total).toBeLessThanOrEqual(Math.min(most, limit));
    }
    expect(said.filter((line) => line.startsWith("settled")).length).toBeGreaterThan(100);
  }, 120_000);
});

const ADMIT = `
  import { openBudgetStore } from ${JSON.stringify(new URL("../../src/stores/sqlite/budget-store.ts", import.meta.url).href)};
  const [file, name] = process.argv.slice(1);
  const store = openBudgetStore(file, () => ${NOW});
  const budget = { id: "b", unit: "calls", limit: 706, per: [], window: { kind: "lifetime" } };
  const hold = { key: "shared", amount: 7, trailing: [], resetsAt: undefined, budget };
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) => store.reserve("exc_" + name + n, [hold], 1e12)),
  );
  await store[Symbol.asyncDispose]();
  process.stdout.write(String(replies.filter(({ kind }) => kind === "held").length));
`;

describe("the SQLite budget store on a bad day", () => {
  const reserve = (store: ReturnType<typeof openBudgetStore>, n: number) =>
    store.reserve(attemptOf(n), [holdOf("a", 1, 100)], LEASE);

  async function untilHeld(store: ReturnType<typeof openBudgetStore>): Promise<void> {
    await expect.poll(async () => (await reserve(store, 99)).kind).toBe("held");
  }

  it("refuses while its directory is missing, and works when it is there", async () => {
    using directory = temporaryDirectory();
    const missing = join(directory.path, "later");
    await using store = openBudgetStore(join(missing, "budgets.db"), () => NOW);
    expect((await reserve(store, 1)).kind).toBe("unreachable");
    expect(await store.settle(attemptOf(1), [])).toEqual({ kind: "unreachable" });
    expect(await store.balances(["a"])).toEqual([]);
    mkdirSync(missing);
    await untilHeld(store);
  });

  it("refuses while another process holds the lock, and works when it lets go", async () => {
    using directory = temporaryDirectory();
    await using store = openBudgetStore(directory.file, () => NOW);
    expect((await reserve(store, 1)).kind).toBe("held");
    using other = new DatabaseSync(directory.file);
    other.exec("BEGIN IMMEDIATE");
    const asked = await Promise.all([reserve(store, 2), store.settle(attemptOf(1), [])]);
    expect(asked).toMatchObject([{ kind: "unreachable" }, { kind: "unreachable" }]);
    other.exec("COMMIT");
    await untilHeld(store);
  });

  it("writes a settlement that the lock kept out once the lock is free", async () => {
    using directory = temporaryDirectory();
    await using store = openBudgetStore(directory.file, () => NOW);
    await reserve(store, 1);
    using other = new DatabaseSync(directory.file);
    other.exec("BEGIN IMMEDIATE");
    expect(await store.settle(attemptOf(1), [used("a", 3)])).toEqual({ kind: "unreachable" });
    other.exec("COMMIT");
    await expect.poll(async () => store.balances(["a"])).toEqual([{ key: "a", spent: 3, held: 0 }]);
  });

  // A file size limit stands for the full disk: the same write fails, and it can be lifted again.
  it.skipIf(process.platform !== "linux")(
    "refuses while the disk is full, and goes on exactly where it was when there is room",
    async () => {
      using directory = temporaryDirectory();
      const limits = ["--fsize=300000:unlimited", process.execPath];
      const { child, lines, ended } = startWorker({
        file: directory.file,
        name: "full",
        parallel: 4,
        limit: 1e9,
        limits,
      });
      const first = (word: string, from = 0) =>
        lines.findIndex((line, at) => at >= from && line.startsWith(word));
      await expect.poll(() => first("unreachable"), { timeout: 15_000 }).toBeGreaterThan(0);
      spawnSync("prlimit", ["--pid", String(child.pid), "--fsize=unlimited"]);
      const mended = lines.length;
      await expect.poll(() => first("settled", mended), { timeout: 15_000 }).toBeGreaterThan(0);
      child.kill("SIGKILL");
      await ended;
      const { least, most } = boundsOf(lines);
      const total = await totalIn(directory.file);
      expect(total).toBeGreaterThanOrEqual(least);
      expect(total).toBeLessThanOrEqual(most);
    },
    40_000,
  );

  it("refuses over a damaged file, and works when the file is mended", async () => {
    using directory = temporaryDirectory();
    {
      await using store = openBudgetStore(directory.file, () => NOW);
      await reserve(store, 1);
    }
    const good = readFileSync(directory.file);
    writeFileSync(directory.file, Buffer.alloc(good.length, "not a database "));
    await using store = openBudgetStore(directory.file, () => NOW);
    expect(store.failing).toBeUndefined();
    expect((await reserve(store, 2)).kind).toBe("unreachable");
    expect(store.failing?.message).toBe("file is not a database");
    writeFileSync(directory.file, good);
    await expect.poll(() => store.failing).toBeUndefined();
    await untilHeld(store);
    expect(await store.balances(["a"])).toEqual([{ key: "a", spent: 0, held: 2 }]);
  });
});

describe("the SQLite budget store over months", () => {
  const DAY_MS = 86_400_000;

  function rowsIn(file: string, table: "balance" | "hold" | "expired_hold"): number {
    using database = new DatabaseSync(file, { readOnly: true });
    return Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
  }

  /** A hold in the turn that a window has at a time. */
  function holdIn(window: Window, at: Instant = NOW): Hold {
    const hold = holdOf(window.kind, 1, 100);
    const budget = { ...hold.budget, window };
    return { ...hold, ...turnOf(budget, "t|b|all|", at), budget };
  }

  async function afterDays(hold: Hold, days: readonly number[]): Promise<readonly number[]> {
    using directory = temporaryDirectory();
    const clock = { at: NOW };
    await using store = openBudgetStore(directory.file, () => clock.at);
    await store.reserve(attemptOf(1), [hold], LEASE);
    await store.settle(attemptOf(1), [used(hold.key, 1)]);
    const rows: number[] = [];
    for (const day of days) {
      clock.at = instant(NOW + day * DAY_MS);
      await store.balances(["other"]);
      rows.push(rowsIn(directory.file, "balance"));
    }
    return rows;
  }

  it("keeps a past day for a month's report, and a lifetime for ever", async () => {
    const day = { kind: "calendar", every: "day", tz: "UTC" } as const;
    expect(await afterDays(holdIn(day), [0, 35, 36])).toEqual([1, 1, 0]);
    expect(await afterDays(holdIn({ kind: "lifetime" }), [0, 4000])).toEqual([1, 1]);
  });

  it("forgets a session that nobody came back to, and keeps one that is used", async () => {
    const session = holdIn({ kind: "session" });
    expect(await afterDays(session, [0, 29, 30])).toEqual([1, 1, 0]);

    using directory = temporaryDirectory();
    const clock = { at: NOW };
    await using store = openBudgetStore(directory.file, () => clock.at);
    for (let day = 0; day <= 90; day += 15) {
      clock.at = instant(NOW + day * DAY_MS);
      const again = holdIn({ kind: "session" }, clock.at);
      await store.reserve(attemptOf(day), [again], LEASE);
      await store.settle(attemptOf(day), [used(session.key, 1)]);
    }
    expect(await store.balances([session.key])).toMatchObject([{ spent: 7, held: 0 }]);
  });

  it("never forgets a balance that something is still held on", async () => {
    using directory = temporaryDirectory();
    const clock = { at: NOW };
    await using store = openBudgetStore(directory.file, () => clock.at);
    const session = holdIn({ kind: "session" });
    await store.reserve(attemptOf(1), [session], millis(90 * DAY_MS));
    clock.at = instant(NOW + 60 * DAY_MS);
    expect(await store.balances([session.key])).toMatchObject([{ held: 1 }]);
  });

  it("corrects an expired hold for a week, then forgets it and keeps the spend", async () => {
    using directory = temporaryDirectory();
    const clock = { at: NOW };
    await using store = openBudgetStore(directory.file, () => clock.at);
    await store.reserve(attemptOf(1), [holdOf("a", 40, 100)], LEASE);
    clock.at = instant(NOW + LEASE);
    await store.balances(["a"]);
    expect([rowsIn(directory.file, "hold"), rowsIn(directory.file, "expired_hold")]).toEqual([
      0, 1,
    ]);
    clock.at = instant(NOW + LEASE + 7 * DAY_MS);
    await store.balances(["a"]);
    expect(rowsIn(directory.file, "expired_hold")).toBe(0);
    await store.settle(attemptOf(1), [used("a", 1)]);
    expect(await store.balances(["a"])).toEqual([{ key: "a", spent: 40, held: 0 }]);
  });

  it("settles holds of another process, and sweeps more dead leases than fit one step", async () => {
    using directory = temporaryDirectory();
    const clock = { at: NOW };
    {
      await using store = openBudgetStore(directory.file, () => clock.at);
      await Promise.all(
        Array.from({ length: 450 }, (_, n) =>
          store.reserve(attemptOf(n), [holdOf("a", 1, 450), holdOf("b", 2, 900)], LEASE),
        ),
      );
    }
    await using store = openBudgetStore(directory.file, () => clock.at);
    await store.settle(attemptOf(0), [used("b", 7)]);
    await store.settle(attemptOf(1), []);
    clock.at = instant(NOW + LEASE);
    await store.balances([]);
    await store.balances([]);
    expect(await store.balances(["a", "b"])).toEqual([
      { key: "a", spent: 449, held: 0 },
      { key: "b", spent: 448 * 2 + 7, held: 0 },
    ]);
  });
});
