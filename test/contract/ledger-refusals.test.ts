/** An agent hears of a refusal once it is on the record, and soon also when there is no record. */
import { describe, expect, it, vi } from "vitest";
import { outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { FailingFiles } from "./failing-files.ts";
import { acknowledged, TestLedger } from "./ledger-fixture.ts";

/** Far more than one try to write takes. */
const SOON_MS = 20_000;

/** What happens first: the promise, or the end of a bound that no working ledger comes near. */
async function withinBound(promise: Promise<void>): Promise<"told" | "hangs"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"hangs">((resolve) => {
    timer = setTimeout(() => resolve("hangs"), SOON_MS);
  });
  const first = await Promise.race([promise.then(() => "told" as const), late]);
  clearTimeout(timer);
  return first;
}

describe("a refusal, which never had an intent", () => {
  it("is written at once, and takes along what waits for company", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    const hash = await acknowledged(ledger, "x_answered");
    // No timer fires, so nothing that is only written after a while is written at all.
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      const answered = ledger.outcome(outcomeFacts("x_answered", hash));
      await ledger.outcome(outcomeFacts("x_refused", undefined));
      await answered;
    } finally {
      vi.useRealTimers();
    }
    await ledger.seal();
    expect(await test.problems()).toEqual([]);
  });

  it("is told while the disk refuses, kept, and written once when it is back", async () => {
    using test = new TestLedger();
    const files = new FailingFiles();
    const ledger = await test.open({ files });
    files.plan = { call: "write", from: files.calls.write + 1, count: 1_000_000 };
    const refusals = Array.from({ length: 20 }, (_, index) => `x_refused_${index}`);
    for (const exchange of refusals) {
      expect(await withinBound(ledger.outcome(outcomeFacts(exchange, undefined)))).toBe("told");
    }
    expect(ledger.healthy).toBe(false);
    files.plan = undefined;
    await acknowledged(ledger, "x_back");
    await ledger.seal();
    const written = (await test.entries()).flatMap((entry) =>
      entry.kind === "outcome" && entry.exchange.startsWith("x_refused") ? [entry.exchange] : [],
    );
    expect(written).toEqual(refusals);
    expect(await test.problems()).toEqual([]);
  });

  it("is told while there is no chain to write to at all", async () => {
    using test = new TestLedger();
    const files = new FailingFiles();
    files.plan = { call: "make_directory", from: 1, count: 1_000_000 };
    const ledger = await test.open({ files });
    expect(await withinBound(ledger.outcome(outcomeFacts("x_refused", undefined)))).toBe("told");
    files.plan = undefined;
    await acknowledged(ledger, "x_back");
    await ledger.seal();
    expect(await test.entries()).toContainEqual(
      expect.objectContaining({ kind: "outcome", exchange: "x_refused" }),
    );
  });
});

describe("the outcome of an answered call", () => {
  it("is told too while the disk refuses, so that a drain does not wait for the disk", async () => {
    using test = new TestLedger();
    const files = new FailingFiles();
    const ledger = await test.open({ files });
    const hash = await acknowledged(ledger, "x_open");
    files.plan = { call: "write", from: files.calls.write + 1, count: 1_000_000 };
    expect(await withinBound(ledger.outcome(outcomeFacts("x_open", hash)))).toBe("told");
    files.plan = undefined;
    await acknowledged(ledger, "x_back");
    await ledger.seal();
    expect(await test.entries()).toContainEqual(
      expect.objectContaining({ kind: "outcome", exchange: "x_open", intent: hash }),
    );
  });
});
