/** The blocks of a commit may arrive in any order; whoever reads meanwhile must not skip a record. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { followLedger } from "../../src/stores/ledger/follow-ledger.ts";
import { CHAIN_START, readOnward } from "../../src/stores/ledger/read-onward.ts";
import { record, TestLedger } from "./ledger-fixture.ts";

interface Hole {
  /** Brings what is missing. */
  readonly fill: () => void;
  /** Records before it, and all. */
  readonly before: number;
  readonly all: number;
}

/** A segment with so many zeros in the middle of a record, and all that comes behind them. */
async function withHole(test: TestLedger, bytes: number): Promise<Hole> {
  const ledger = await test.open();
  await record(ledger, 20);
  await ledger.seal();
  const path = test.lastSegment();
  const whole = readFileSync(path);
  const all = (await test.entries()).length;
  const at = whole.indexOf("x_00010") - 40;
  const holed = Buffer.from(whole);
  holed.fill(0, at, at + bytes);
  writeFileSync(path, holed);
  const before = whole.subarray(0, at).toString("latin1").split("\n").length - 1;
  return { fill: () => writeFileSync(path, whole), before, all };
}

describe.each([1, 512, 4096])("blocks of %i bytes that are still on their way", (bytes) => {
  it("end what is read, and nothing behind them is passed over", async () => {
    using test = new TestLedger();
    const { fill, before, all } = await withHole(test, bytes);
    const [writer = ""] = test.writers();
    expect((await test.entries()).length).toBe(before);
    const first = await readOnward(test.directory, writer, CHAIN_START);
    expect(first.records.length).toBe(before);
    const none = await readOnward(test.directory, writer, first.position);
    expect(none).toEqual({ records: [], position: first.position });
    const follow = await followLedger(test.directory);
    expect(await follow()).toEqual([]);
    fill();
    const rest = await readOnward(test.directory, writer, none.position);
    expect(rest.records.length).toBe(all - before);
    expect((await follow()).length).toBe(all - before);
    expect(await test.problems()).toEqual([]);
  });

  it("are damage for a verification, where they stay", async () => {
    using test = new TestLedger();
    await withHole(test, bytes);
    expect((await test.problems()).length).toBeGreaterThan(0);
  });
});
