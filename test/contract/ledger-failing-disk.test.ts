import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Digest } from "../../src/core/units.ts";
import { PENDING_BYTES_MAX } from "../../src/stores/ledger/chain-writer.ts";
import type { OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { FailingFiles, type DiskCall, type FailurePlan } from "./failing-files.ts";
import { acknowledged, record, SMALL, TestLedger } from "./ledger-fixture.ts";

const EXCHANGES = 9;

/** Runs exchanges one after the other whatever the disk does, and tells which were let through. */
async function drive(
  ledger: OpenLedger,
): Promise<{ taken: Map<string, Digest>; refused: string[] }> {
  const taken = new Map<string, Digest>();
  const refused: string[] = [];
  for (let index = 0; index < EXCHANGES; index += 1) {
    const exchange = `x_${index}`;
    const verdict = await ledger.intent(intentFacts(exchange));
    if (verdict.kind === "pass") taken.set(exchange, verdict.value);
    else refused.push(exchange);
    const opened = taken.get(exchange);
    // Not waited for, as in the pipeline: it travels with what comes next.
    void ledger.outcome(outcomeFacts(exchange, opened));
  }
  return { taken, refused };
}

/** Everything the ledger promises about a run, whatever failed during it. */
async function expectKept(test: TestLedger, taken: ReadonlyMap<string, Digest>): Promise<void> {
  expect(await test.problems()).toEqual([]);
  const intents = new Map<string, number>();
  const outcomes = new Map<string, number>();
  for (const entry of await test.entries()) {
    if (entry.kind === "intent")
      intents.set(entry.exchange, (intents.get(entry.exchange) ?? 0) + 1);
    if (entry.kind === "outcome") {
      outcomes.set(entry.exchange, (outcomes.get(entry.exchange) ?? 0) + 1);
    }
  }
  expect([...intents.keys()]).toEqual([...taken.keys()]);
  for (let index = 0; index < EXCHANGES; index += 1) expect(outcomes.get(`x_${index}`)).toBe(1);
}

async function callsOfOneRun(): Promise<Record<DiskCall, number>> {
  using test = new TestLedger();
  const files = new FailingFiles();
  const ledger = await test.open({ files, limits: SMALL });
  await drive(ledger);
  await ledger.seal();
  return files.calls;
}

const WAYS: readonly Omit<FailurePlan, "from">[] = [
  { call: "write", count: 1, remains: "nothing" },
  { call: "write", count: 1, remains: "half" },
  { call: "write", count: 1, remains: "all" },
  { call: "write", count: 5, remains: "half" },
  { call: "truncate", count: 1 },
  { call: "open", count: 1 },
  { call: "open", count: 3 },
  { call: "sync_directory", count: 1 },
];

describe.each(WAYS)("a disk whose $call fails $count times, leaving $remains", (way) => {
  it("costs refused calls and nothing else, at whichever call it fails", async () => {
    const calls = (await callsOfOneRun())[way.call];
    expect(calls).toBeGreaterThan(0);
    let refusals = 0;
    for (let from = 1; from <= calls; from += 1) {
      using test = new TestLedger();
      const files = new FailingFiles();
      files.plan = { ...way, from };
      const ledger = await test.open({ files, limits: SMALL });
      const { taken, refused } = await drive(ledger);
      refusals += refused.length;
      files.plan = undefined;
      await acknowledged(ledger, "x_last").then((hash) =>
        ledger.outcome(outcomeFacts("x_last", hash)),
      );
      expect(ledger.healthy).toBe(true);
      await ledger.seal();
      taken.set("x_last", "" as Digest);
      await expectKept(test, taken);
    }
    expect(refusals).toBeGreaterThan(0);
  }, 120_000);
});

describe("a full disk", () => {
  it("refuses every call, resumes by itself and records how many it refused", async () => {
    using test = new TestLedger();
    const files = new FailingFiles();
    const ledger = await test.open({ files });
    await record(ledger, 3);
    files.plan = { call: "write", from: files.calls.write + 1, count: 1000 };
    for (let index = 0; index < 10; index += 1) {
      expect(await ledger.intent(intentFacts(`x_full_${index}`))).toMatchObject({
        kind: "halt",
        refusal: { code: "ledger_unavailable" },
      });
      expect(ledger.healthy).toBe(false);
    }
    expect(test.events.at(-1)).toMatchObject({ kind: "unavailable" });
    files.plan = undefined;
    await acknowledged(ledger, "x_back");
    expect(ledger.healthy).toBe(true);
    expect(test.events.at(-1)).toEqual({ kind: "resumed", intentsRefused: 10, outcomesLost: 0 });
    await ledger.seal();
    expect(await test.entries()).toContainEqual(
      expect.objectContaining({ kind: "resumed", cause: "ENOSPC", intentsRefused: 10 }),
    );
    expect(await test.problems()).toEqual([]);
  });

  it("resumes without any traffic", async () => {
    using test = new TestLedger();
    const files = new FailingFiles();
    const back = Promise.withResolvers<void>();
    const ledger = await test.open({
      files,
      report: ({ kind }) => {
        if (kind === "resumed") back.resolve();
      },
    });
    files.plan = { call: "write", from: files.calls.write + 1, count: 2 };
    expect(await ledger.intent(intentFacts("x_1"))).toMatchObject({ kind: "halt" });
    await back.promise;
    expect(ledger.healthy).toBe(true);
    await ledger.seal();
  });

  it("at start makes a ledger that refuses, and begins when the disk is back", async () => {
    using test = new TestLedger();
    const files = new FailingFiles();
    files.plan = { call: "make_directory", from: 1, count: 2 };
    const ledger = await test.open({ files });
    expect(ledger.healthy).toBe(false);
    expect(await ledger.intent(intentFacts("x_1"))).toMatchObject({ kind: "halt" });
    await acknowledged(ledger, "x_2");
    expect(ledger.healthy).toBe(true);
    await ledger.seal();
    expect(await test.problems()).toEqual([]);
  });

  it("keeps outcomes of open calls in memory, loses refusals past the bound, and counts them", async () => {
    using test = new TestLedger();
    const files = new FailingFiles();
    const ledger = await test.open({ files });
    const hash = await acknowledged(ledger, "x_open");
    files.plan = { call: "write", from: files.calls.write + 1, count: 1_000_000 };
    expect(await ledger.intent(intentFacts("x_full"))).toMatchObject({ kind: "halt" });
    const body = outcomeFacts("x_refused", undefined, {
      findings: Array.from({ length: 64 }, () => outcomeFacts("", undefined).findings).flat(),
    });
    const enough = Math.ceil(PENDING_BYTES_MAX / 5000);
    for (let index = 0; index < enough; index += 1) void ledger.outcome(body);
    const kept = ledger.outcome(outcomeFacts("x_open", hash));
    expect(await ledger.intent(intentFacts("x_more"))).toMatchObject({ kind: "halt" });
    files.plan = undefined;
    await kept;
    await ledger.seal();
    const resumed = (await test.entries()).find((entry) => entry.kind === "resumed");
    const lost = resumed?.kind === "resumed" ? resumed.outcomesLost : 0;
    expect(lost).toBeGreaterThan(0);
    const entries = await test.entries();
    const outcomes = entries.filter((entry) => entry.kind === "outcome");
    expect(outcomes.length + lost).toBe(enough + 1);
    expect(outcomes.some(({ exchange, intent }) => exchange === "x_open" && intent === hash)).toBe(
      true,
    );
    expect(await test.problems()).toEqual([]);
  });

  it("begins a new chain when its files are removed under it, and says so", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    await acknowledged(ledger, "x_before");
    rmSync(test.directory, { recursive: true });
    await eventually(async () => {
      await acknowledged(ledger, "x_after");
      expect(test.events.map(({ kind }) => kind)).toContain("removed");
    });
    await ledger.seal();
    expect(test.writers()).toHaveLength(1);
    expect((await test.entries()).map(({ kind }) => kind)).toContain("intent");
    expect(await test.problems()).toEqual([]);
  });
});
