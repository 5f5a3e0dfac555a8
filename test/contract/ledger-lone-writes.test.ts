import { afterEach, expect, it } from "vitest";
import { diskFiles, type LedgerFiles } from "../../src/stores/ledger/ledger-files.ts";
import type { OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { TestLedger } from "./ledger-fixture.ts";

/** The real disk; says by which way each write went, and can take its time over them. */
class WatchedFiles {
  readonly ways: ("now" | "pool")[] = [];
  slowMs = 0;

  readonly files: LedgerFiles = {
    ...diskFiles,
    open: async (path) => {
      const file = await diskFiles.open(path);
      return {
        zero: (offset, length) => file.zero(offset, length),
        truncate: (length) => file.truncate(length),
        isNamed: () => file.isNamed(),
        close: () => file.close(),
        write: async (bytes, offset) => {
          this.ways.push("pool");
          await file.write(bytes, offset);
          await new Promise((resolve) => setTimeout(resolve, this.slowMs));
        },
        writeNow: (bytes, offset) => {
          this.ways.push("now");
          file.writeNow(bytes, offset);
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.slowMs);
        },
      };
    },
  };

  /** Since the last time. */
  seen(): string {
    return this.ways.splice(0).join(" ");
  }
}

let next = 0;
async function begin(ledger: OpenLedger): Promise<() => Promise<void>> {
  const exchange = `x_${(next += 1)}`;
  const opened = await ledger.intent(intentFacts(exchange));
  if (opened.kind === "halt") throw new Error(opened.refusal.code);
  return () => ledger.outcome(outcomeFacts(exchange, opened.value));
}

/** A disk that other work keeps busy is slow now and then: waits until it has been quick. */
async function untilQuick(ledger: OpenLedger, disk: WatchedFiles): Promise<void> {
  for (disk.ways.length = 0; disk.ways.at(-1) !== "now"; void (await begin(ledger))()) continue;
  disk.seen();
}

const place = new TestLedger();
afterEach(() => place[Symbol.dispose]());

it("only one call on its way is written while the event loop waits, and only to a quick disk", async () => {
  const disk = new WatchedFiles();
  const ledger = await place.open({ files: disk.files });
  await untilQuick(ledger, disk);

  const end = await begin(ledger);
  const endOther = await begin(ledger);
  expect(disk.ways.at(-1)).toBe("pool");
  await Promise.all([end(), endOther()]);

  await untilQuick(ledger, disk);
  disk.slowMs = 20;
  await (
    await begin(ledger)
  )();
  disk.seen();
  await (
    await begin(ledger)
  )();
  expect(disk.seen()).not.toContain("now");
  disk.slowMs = 0;
  await untilQuick(ledger, disk);
  await ledger.seal();
  expect(await place.problems()).toEqual([]);
});
