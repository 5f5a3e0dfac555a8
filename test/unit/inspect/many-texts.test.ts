import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { createStreamGate } from "../../../src/core/inspect/stream-gate.ts";
import { EVERYTHING, looking } from "./inspections.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const TEXTS = 20_000;
/** Of one text: its place among those of its frame, and what is remembered as clean. */
const BYTES_A_TEXT_MAX = 1500;

const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

describe("a body of very many texts", () => {
  it("keeps no scanner of those that are done, while the rest of it is held back", () => {
    const limits = { bytesMax: 1 << 24, framesMax: 16, overflow: "block" } as const;
    const gate = createStreamGate(looking(EVERYTHING, "block", 80), [], limits);
    const done = Array.from({ length: TEXTS }, (_, i) => ({
      part: `/k${i}`,
      text: `k${i}`,
      whole: true,
      last: true,
    }));
    const begun = { part: "open", text: "Ignore all previous", whole: false, last: false };
    const bytes = new Uint8Array(8);
    const before = heap();
    const verdict = gate.push({ bytes, spans: [...done, begun], rewrite: () => bytes });
    expect(verdict).toEqual({ kind: "emit", chunks: [] });
    expect((heap() - before) / TEXTS).toBeLessThan(BYTES_A_TEXT_MAX);
    expect(gate.end()).toMatchObject({ kind: "emit" });
  });
});
