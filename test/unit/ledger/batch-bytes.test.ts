import fc from "fast-check";
import { expect, test } from "vitest";
import { GENESIS, splitLine } from "../../../src/core/ledger/record-chain.ts";
import type { Digest } from "../../../src/core/units.ts";
import { canonicalJson, sha256Hex } from "../../../src/lib/canonical-json.ts";
import { BatchBytes } from "../../../src/stores/ledger/batch-bytes.ts";

const WRITER = "w_00000000000000000000000000";

/** The record that says this text, as the writer is given it. */
function bodyOf(text: string): string {
  return `{"about":${JSON.stringify(text)}`;
}

/** What the lines of one commit say, each checked against the hash and the line before it. */
function written(bytes: BatchBytes, texts: readonly string[]): string[] {
  const bodies = texts.map(bodyOf);
  bytes.begin(
    bodies.length,
    bodies.reduce((units, { length }) => units + length, 0),
  );
  let prev = GENESIS;
  const hashes = bodies.map((body, seq) => (prev = bytes.add(body, { seq, prev })));
  const lines = Buffer.from(bytes.written).toString().split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line, seq) => textOf(line, { seq, hash: hashes[seq], prev: hashes[seq - 1] }));
}

function textOf(
  line: string,
  {
    seq,
    hash,
    prev = GENESIS,
  }: { seq: number; hash: Digest | undefined; prev?: Digest | undefined },
): string {
  const parts = splitLine(Buffer.from(line));
  if (parts === undefined) throw new Error("the line cannot be taken apart");
  const text = Buffer.from(parts.record).toString();
  const record = JSON.parse(text) as Record<string, unknown>;
  expect(parts.hash).toBe(hash);
  expect(sha256Hex(text)).toBe(hash);
  expect(canonicalJson(record)).toBe(text);
  expect(record).toMatchObject({ prev, seq, v: 1, writer: WRITER });
  return String(record["about"]);
}

test("each commit is its own lines in UTF-8, whatever was written before it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ unit: "binary", maxLength: 200 }), { maxLength: 5 })),
      (commits) => {
        const bytes = new BatchBytes(WRITER);
        for (const texts of commits) expect(written(bytes, texts)).toEqual(texts);
      },
    ),
  );
});

test("a commit that may not fit the kept buffer is whole all the same", () => {
  const bytes = new BatchBytes(WRITER);
  for (const text of ["ab".repeat(400_000), "€".repeat(174_500), "€".repeat(174_763), "a"]) {
    expect(written(bytes, [text, "b"])).toEqual([text, "b"]);
  }
});
