import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { sealBody } from "../../src/core/ledger/record-chain-event.ts";
import { id, instant } from "../../src/core/units.ts";
import { sha256Hex } from "../../src/lib/canonical-json.ts";
import { diskFiles } from "../../src/stores/ledger/ledger-files.ts";
import { recoverChain } from "../../src/stores/ledger/recover-chain.ts";
import { findExchange, readEntries, readLast } from "../../src/stores/ledger/read-ledger.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { acknowledged, linesOf, record, rewrite, SMALL, TestLedger } from "./ledger-fixture.ts";
import { chainRecord } from "../support/chain-record.ts";

const kinds = (entries: readonly { kind: string }[]): string[] => entries.map(({ kind }) => kind);

describe("a ledger", () => {
  it("has the intent on the disk when it answers, under the hash it answers with", async () => {
    using test = new TestLedger();
    await using ledger = await test.open();
    const hash = await acknowledged(ledger, "x_1");
    const line = linesOf(test.lastSegment()).at(-1) ?? "";
    expect(line).toContain(`{"hash":"${hash}"`);
    expect(sha256Hex(line.slice(line.indexOf('"record":') + 9, -2))).toBe(hash);
    expect(line).toContain('"exchange":"x_1","kind":"intent"');
  });

  it("writes an outcome without an intent behind it, within its time", async () => {
    using test = new TestLedger();
    await using ledger = await test.open();
    await ledger.outcome(outcomeFacts("x_1", undefined));
    expect(await test.entries()).toMatchObject([
      { kind: "segment" },
      { kind: "boot" },
      { kind: "outcome", exchange: "x_1", intent: undefined, asked: { upstream: "openai" } },
    ]);
  });

  it("has a change on the disk when it says so", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    const change = { change: "budget.set", about: "llm-day", by: "alice", detail: { limit: 5 } };
    expect(await ledger.change(change)).toBe(true);
    expect((await test.entries()).at(-1)).toMatchObject({ kind: "change", ...change });
    await ledger.seal();
    expect(await ledger.change(change)).toBe(false);
  });

  it("lets outcomes travel with the next intent", async () => {
    using test = new TestLedger();
    await using ledger = await test.open();
    const first = await acknowledged(ledger, "x_1");
    void ledger.outcome(outcomeFacts("x_1", first));
    await acknowledged(ledger, "x_2");
    expect(kinds(await test.entries())).toEqual(["segment", "boot", "intent", "outcome", "intent"]);
  });

  it("groups what comes at once into one chain, in the order it came", async () => {
    using test = new TestLedger();
    await using ledger = await test.open();
    const names = Array.from({ length: 100 }, (_, index) => `x_${index}`);
    await Promise.all(names.map((name) => acknowledged(ledger, name)));
    const intents = (await test.entries()).filter((entry) => entry.kind === "intent");
    expect(intents.map(({ exchange }) => exchange)).toEqual(names);
    expect(await test.problems()).toEqual([]);
  });

  it("ends with a seal and without the space it had reserved", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    await record(ledger, 3);
    await acknowledged(ledger, "x_open");
    await ledger.seal();
    expect((await test.entries()).at(-1)).toMatchObject({ kind: "seal", openIntents: 1 });
    expect(readFileSync(test.lastSegment()).at(-1)).toBe(0x0a);
    expect(await test.problems()).toEqual([]);
  });

  it("accepts nothing once it is sealed", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    await ledger.seal();
    expect(await ledger.intent(intentFacts("x_1"))).toMatchObject({
      kind: "halt",
      refusal: { code: "ledger_unavailable" },
    });
    await ledger.outcome(outcomeFacts("x_1", undefined));
    expect(ledger.healthy).toBe(false);
  });

  it("keeps its files from other users", async () => {
    using test = new TestLedger();
    await using ledger = await test.open();
    expect(ledger.healthy).toBe(true);
    expect(statSync(test.lastSegment()).mode & 0o777).toBe(0o600);
    expect(statSync(join(test.lastSegment(), "..")).mode & 0o777).toBe(0o700);
  });

  it("goes on in new segments, each naming the intents still open", async () => {
    using test = new TestLedger();
    const ledger = await test.open({ limits: SMALL });
    const open = await acknowledged(ledger, "x_open");
    await record(ledger, 60);
    await ledger.seal();
    expect(test.segments().length).toBeGreaterThan(5);
    const segments = (await test.entries()).filter((entry) => entry.kind === "segment");
    expect(segments.length).toBe(test.segments().length);
    for (const segment of segments.slice(1)) {
      expect(segment.open).toContainEqual({ exchange: "x_open", intent: open });
    }
    expect(await test.problems()).toEqual([]);
  });
});

describe("a start", () => {
  it("continues the chain of the process before", async () => {
    using test = new TestLedger();
    for (const round of [1, 2, 3]) {
      const ledger = await test.open();
      await acknowledged(ledger, `x_${round}`).then((hash) =>
        ledger.outcome(outcomeFacts(`x_${round}`, hash)),
      );
      await ledger.seal();
    }
    expect(test.writers().length).toBe(1);
    const entries = await test.entries();
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index));
    expect(entries.filter(({ kind }) => kind === "boot").length).toBe(3);
    expect(await test.problems()).toEqual([]);
  });

  it("gives intents that nobody closed the outcome unknown, once", async () => {
    using test = new TestLedger();
    const first = await test.open({ limits: SMALL });
    const open = await acknowledged(first, "x_open");
    await record(first, 40);
    await first.seal();
    const orphans = async () =>
      (await test.entries()).filter(
        (entry) => entry.kind === "outcome" && entry.outcome.kind === "unknown",
      );
    expect(await orphans()).toEqual([]);
    await (await test.open({ limits: SMALL })).seal();
    await (await test.open({ limits: SMALL })).seal();
    expect(await orphans()).toMatchObject([{ exchange: "x_open", intent: open }]);
    expect(test.events).toContainEqual(expect.objectContaining({ kind: "adopted", orphans: 1 }));
  });

  it("starts a chain of its own beside a living writer, and takes the dead one's later", async () => {
    using test = new TestLedger();
    const first = await test.open();
    const second = await test.open();
    expect(test.writers().length).toBe(2);
    await acknowledged(first, "x_first");
    await acknowledged(second, "x_second");
    await first.seal();
    await second.seal();
    await (await test.open()).seal();
    expect(test.writers().length).toBe(2);
    const unknown = (await test.entries()).filter(
      (entry) => entry.kind === "outcome" && entry.outcome.kind === "unknown",
    );
    expect(unknown.map((entry) => entry.kind === "outcome" && entry.exchange)).toEqual([
      "x_first",
      "x_second",
    ]);
    expect(await test.problems()).toEqual([]);
  });

  it("cuts a torn last line wherever the crash tore it, and records the cut", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    await record(ledger, 1);
    const torn = await acknowledged(ledger, "x_torn");
    await ledger.seal();
    const path = test.lastSegment();
    // The seal is left out: the crash came while the intent before it was being written.
    const lines = linesOf(path).slice(0, -1);
    const last = lines.at(-1) ?? "";
    expect(last).toContain(torn);
    const whole = lines.slice(0, -1).join("");

    for (let kept = 0; kept < last.length; kept += 1) {
      const zeros = kept % 2 === 0 ? "\0".repeat(500) : "";
      writeFileSync(path, whole + last.slice(0, kept) + zeros, "latin1");
      const tail = await recoverChain(diskFiles, dirname(path));
      const cut = { number: 1, offset: whole.length, bytes: kept };
      expect(tail).toMatchObject({ kind: "intact", head: { seq: lines.length - 1 } });
      if (kept === 0) expect(tail).toMatchObject({ cut: undefined });
      else expect(tail).toMatchObject({ cut, segment: { length: whole.length } });
      if (kept > 0) expect(statSync(path).size).toBe(whole.length);
    }

    writeFileSync(path, whole + last.slice(0, -1), "latin1");
    await (await test.open()).seal();
    const bytes = last.length - 1;
    expect(test.events.at(-1)).toMatchObject({ kind: "adopted", cutBytes: bytes, orphans: 0 });
    expect((await test.entries()).slice(lines.length - 1)).toMatchObject([
      { kind: "boot" },
      { kind: "recovered", cut: { number: 1, offset: whole.length, bytes } },
      { kind: "seal" },
    ]);
    expect(await test.problems()).toEqual([]);
  });

  it("goes on when the crash came at the birth of a segment", async () => {
    using test = new TestLedger();
    const ledger = await test.open({ limits: SMALL });
    await acknowledged(ledger, "x_open");
    await record(ledger, 20);
    await ledger.seal();
    const count = test.segments().length;
    const path = test.lastSegment();
    for (const born of ["", "\0".repeat(2048), linesOf(path)[0]?.slice(0, 40) ?? ""]) {
      writeFileSync(path, born);
      await (await test.open({ limits: SMALL })).seal();
      expect(await test.problems()).toEqual([]);
      expect(test.segments().length).toBe(count);
    }
  });

  it("leaves a damaged chain as it is, begins another and says so in it", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    await record(ledger, 5);
    await ledger.seal();
    const path = test.lastSegment();
    const lines = linesOf(path);
    rewrite(path, [...lines.slice(0, 4), ...lines.slice(5)]);
    const damaged = readFileSync(path);
    const [writer] = test.writers();

    await (await test.open()).seal();
    await (await test.open()).seal();
    expect(readFileSync(path)).toEqual(damaged);
    expect(test.writers().length).toBe(2);
    const boots = (await test.entries()).filter((entry) => entry.kind === "boot");
    const offset = lines.slice(0, 4).join("").length;
    expect(boots[1]).toMatchObject({ abandoned: [{ writer, number: 1, offset }] });
    expect(await test.problems()).toMatchObject([{ kind: "missing_records", line: 5, seq: 4 }]);
  });

  it("takes no file that it did not write for a chain", async () => {
    using test = new TestLedger();
    mkdirSync(join(test.directory, "lost+found"));
    writeFileSync(join(test.directory, "notes.txt"), "hello");
    await (await test.open()).seal();
    expect(test.writers().filter((name) => name.startsWith("w_")).length).toBe(1);
  });
});

describe("reading", () => {
  it("finds an exchange's two records, in whatever segment they are", async () => {
    using test = new TestLedger();
    const ledger = await test.open({ limits: SMALL });
    const hash = await acknowledged(ledger, "x_wide");
    await record(ledger, 40);
    await ledger.outcome(outcomeFacts("x_wide", hash));
    await ledger.outcome(outcomeFacts("x_refused", undefined));
    await ledger.seal();
    expect(await findExchange(test.directory, "x_wide")).toMatchObject({
      intent: { hash, entry: { kind: "intent", exchange: "x_wide" } },
      outcome: { entry: { kind: "outcome", intent: hash } },
    });
    expect(await findExchange(test.directory, "x_refused")).toMatchObject({
      intent: undefined,
      outcome: { entry: { exchange: "x_refused" } },
    });
    expect(await findExchange(test.directory, "x_nobody")).toBeUndefined();
  });

  it("streams from a time on, up to a limit", async () => {
    using test = new TestLedger();
    const ledger = await test.open({ limits: SMALL });
    await record(ledger, 40);
    await ledger.seal();
    const all = await test.entries();
    const from = instant(Math.max(...all.map(({ at }) => at)) - 10);
    const late = [];
    for await (const { entry } of readEntries(test.directory, { from })) late.push(entry);
    expect(late).toEqual(all.filter(({ at }) => at >= from));
    const few = [];
    for await (const { entry } of readEntries(test.directory, { limit: 7 })) few.push(entry);
    expect(few).toEqual(all.slice(0, 7));
  });

  it("gives the last records of all chains, oldest first", async () => {
    using test = new TestLedger();
    const ledger = await test.open({ limits: SMALL });
    await record(ledger, 30);
    await ledger.seal();
    const all = await test.entries();
    const last = await readLast(test.directory, 25);
    expect(last.map(({ entry }) => entry.seq).toSorted((a, b) => a - b)).toEqual(
      all.slice(-25).map(({ seq }) => seq),
    );
    expect(await readLast(test.directory, 0)).toEqual([]);
    expect((await readLast(test.directory, 10_000)).length).toBe(all.length);
  });

  it("finds nothing in a directory that does not exist", async () => {
    expect(await readLast("/nonexistent/ledger", 5)).toEqual([]);
    expect(await findExchange("/nonexistent/ledger", "x_1")).toBeUndefined();
  });
});

describe("a chain that was forged with care", () => {
  it("is found out when a record was put in between with a hash of its own", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    await record(ledger, 4);
    await ledger.seal();
    const path = test.lastSegment();
    const lines = linesOf(path);
    const before = JSON.parse(lines[4] ?? "");
    const [writer = ""] = test.writers();
    const forged = chainRecord(sealBody(0, instant(1)), { seq: 5, prev: before.hash }, writer);
    rewrite(path, [...lines.slice(0, 5), forged.line, ...lines.slice(5)]);
    expect(await test.problems()).toMatchObject([
      { kind: "repeated_record", line: 7, seq: 5 },
      { kind: "broken_link", line: 8, seq: 6 },
    ]);
  });

  it("is found out when it is not in canonical form, or another's", async () => {
    using test = new TestLedger();
    const ledger = await test.open();
    await ledger.seal();
    const path = test.lastSegment();
    const [writer = ""] = test.writers();
    const head = { seq: 3, prev: id(JSON.parse(linesOf(path).at(-1) ?? "").hash) as never };
    appendFileSync(path, chainRecord('{"at": 1,"kind":"seal"', head, writer).line);
    expect(await test.problems()).toMatchObject([{ kind: "not_canonical", line: 4, seq: 3 }]);
    truncateSync(path, Buffer.byteLength(linesOf(path).slice(0, 3).join(""), "latin1"));
    appendFileSync(path, chainRecord('{"at":1,"kind":"seal"', head, "w_other").line);
    expect(await test.problems()).toMatchObject([{ kind: "foreign_writer", line: 4, seq: 3 }]);
  });

  it("is found out when a segment is missing, renamed or doubled", async () => {
    using test = new TestLedger();
    const ledger = await test.open({ limits: SMALL });
    await record(ledger, 40);
    await ledger.seal();
    const [, second = "", third = ""] = test.segments();
    const kept = readFileSync(second);
    copyFileSync(third, second);
    expect(await test.problems()).not.toEqual([]);
    writeFileSync(second, kept);
    expect(await test.problems()).toEqual([]);
    writeFileSync(join(second, "..", "00000099.jsonl"), readFileSync(third));
    expect((await test.problems()).map(({ kind }) => kind)).toContain("missing_segment");
  });
});
