import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyLedger } from "../../src/stores/ledger/verify-ledger.ts";
import { id } from "../../src/core/units.ts";
import { linesOf, record, rewrite, TestLedger } from "./ledger-fixture.ts";

/** Segments small enough that the ledger of 200 records has several. */
const LIMITS = { segmentBytes: 40_000, aheadBytes: 4096 };

describe("a ledger of 200 records", () => {
  const test = new TestLedger();
  let files: { path: string; bytes: Buffer; lines: string[] }[] = [];

  beforeAll(async () => {
    const ledger = await test.open({ limits: LIMITS });
    await record(ledger, 98, 16);
    await ledger.seal();
    files = test.segments().map((path) => {
      return { path, bytes: readFileSync(path), lines: linesOf(path) };
    });
    expect(files.flatMap(({ lines }) => lines).length).toBeGreaterThanOrEqual(200);
    expect(files.length).toBeGreaterThan(2);
    expect(await test.problems()).toEqual([]);
  });
  afterAll(() => test[Symbol.dispose]());

  const file = fc.nat().map((seed) => {
    const chosen = files[seed % files.length];
    if (chosen === undefined) throw new Error("no segment");
    return chosen;
  });

  /** What the verifier finds while a file is as `change` leaves it. */
  async function problemsAfter(path: string, change: () => void, restore: Buffer) {
    change();
    try {
      return await test.problems();
    } finally {
      writeFileSync(path, restore);
    }
  }

  it("shows every flipped byte, at the file and line where it is", async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, seed, mask) => {
        const offset = seed % at.bytes.length;
        const flipped = Buffer.from(at.bytes);
        flipped[offset] = (flipped[offset] ?? 0) ^ mask;
        const found = await problemsAfter(at.path, () => writeFileSync(at.path, flipped), at.bytes);
        const line = at.bytes.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1;
        expect(found[0]?.line).toBe(line);
        expect(at.path.endsWith(found[0]?.file ?? "?")).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("shows one flipped byte inside a record as one problem with its seq", async () => {
    const [first] = files;
    if (first === undefined) throw new Error("no segment");
    const flipped = Buffer.from(first.bytes);
    const offset = first.bytes.indexOf('"gpt-4o-mini"');
    flipped[offset + 1] = 0x47;
    const found = await problemsAfter(
      first.path,
      () => writeFileSync(first.path, flipped),
      first.bytes,
    );
    const line = first.lines.findIndex((text) => text.includes('"gpt-4o-mini"')) + 1;
    expect(found).toMatchObject([{ kind: "hash_mismatch", line, seq: line - 1 }]);
  });

  it("shows every removed record but the last of all", async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.nat(), async (at, seed) => {
        const line = seed % at.lines.length;
        const isEnd = at === files.at(-1) && line === at.lines.length - 1;
        const found = await problemsAfter(
          at.path,
          () => rewrite(at.path, at.lines.toSpliced(line, 1)),
          at.bytes,
        );
        const seq: unknown = JSON.parse(at.lines[line] ?? "").record.seq;
        expect(found).toMatchObject(isEnd ? [] : [{ kind: "missing_records", seq }]);
      }),
      { numRuns: 60 },
    );
  });

  it("shows every swap of two records", async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.nat(), fc.nat(), async (at, one, two) => {
        const a = one % at.lines.length;
        const b = two % at.lines.length;
        fc.pre(a !== b);
        const swapped = at.lines.with(a, at.lines[b] ?? "").with(b, at.lines[a] ?? "");
        const found = await problemsAfter(at.path, () => rewrite(at.path, swapped), at.bytes);
        expect(found[0]).toMatchObject({ kind: "missing_records", line: Math.min(a, b) + 1 });
      }),
      { numRuns: 60 },
    );
  });

  it("shows every repeated record, wherever it is repeated", async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.nat(), fc.nat(), async (at, from, to) => {
        const line = at.lines[from % at.lines.length] ?? "";
        const place = to % (at.lines.length + 1);
        const repeated = at.lines.toSpliced(place, 0, line);
        const found = await problemsAfter(at.path, () => rewrite(at.path, repeated), at.bytes);
        expect(found.map(({ kind }) => kind)).toContain("repeated_record");
      }),
      { numRuns: 60 },
    );
  });

  it("shows a tail that was cut off only to whoever noted a head", async () => {
    const last = files.at(-1);
    if (last === undefined) throw new Error("no segment");
    const [writer = ""] = test.writers();
    const noted = JSON.parse(last.lines.at(-1) ?? "");
    const head = { writer, seq: noted.record.seq as number, hash: id(noted.hash) as never };
    rewrite(last.path, last.lines.slice(0, -3));
    try {
      expect(await test.problems()).toEqual([]);
      for await (const report of verifyLedger(test.directory, { heads: [head] })) {
        expect(report.problems).toMatchObject([{ kind: "tail_cut", seq: head.seq - 2 }]);
      }
    } finally {
      writeFileSync(last.path, last.bytes);
    }
    for await (const { head: now, problems } of verifyLedger(test.directory, { heads: [head] })) {
      expect(problems).toEqual([]);
      expect(now).toEqual({ seq: head.seq, hash: head.hash });
    }
  });

  it("shows a chain that is gone, and a head that another record has", async () => {
    const [writer = ""] = test.writers();
    const hash = id("b".repeat(64)) as never;
    const heads = [
      { writer: "w_gone", seq: 1, hash },
      { writer, seq: 3, hash },
    ];
    const kinds = [];
    for await (const { problems } of verifyLedger(test.directory, { heads })) {
      kinds.push(...problems.map(({ kind }) => kind));
    }
    expect(kinds).toEqual(["head_mismatch", "missing_chain"]);
  });
});
