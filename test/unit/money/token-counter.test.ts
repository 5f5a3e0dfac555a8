import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { countMissing } from "../../../src/pipeline/count-missing.ts";
import type { InspectionReport } from "../../../src/pipeline/ask.ts";
import { ThreadTokenCounter } from "../../../src/stores/tokenizer/token-counter.ts";

let counter: ThreadTokenCounter;
afterEach(() => counter[Symbol.asyncDispose]());

const PROSE = "The harbour was quiet that morning. ";
/** A thread that is kept from working by others of this machine is no thread that hangs. */
const PATIENT = { loadMs: 60_000, jobMs: 60_000 };
/** `threadId` of a thread that is over. */
const ENDED = -1;

describe("the tokenizer in its thread", () => {
  it("counts each text, in order, however many ask at once", async () => {
    counter = new ThreadTokenCounter(PATIENT);
    const all = await Promise.all(
      [1, 2, 3].map((times) => counter.count([PROSE.repeat(times), "", "<|endoftext|>"])),
    );
    expect(all.map((counts) => counts?.[0])).toEqual([8, 15, 22]);
    expect(all[0]?.[1]).toBe(0);
    expect(all[0]?.[2]).toBeGreaterThan(1);
  });

  it("gives up on a text that takes too long, and counts the next one", async () => {
    counter = new ThreadTokenCounter({ ...PATIENT, jobMs: 500 });
    await counter.count([PROSE]);
    expect(await counter.count(["a".repeat(1_000_000)])).toBeUndefined();
    await expect.poll(() => counter.count([PROSE])).toEqual([8]);
  });

  it("takes no more than its limits, and nothing once it is closed", async () => {
    counter = new ThreadTokenCounter({ ...PATIENT, charsMax: 100, waitingMax: 1 });
    expect(await counter.count(["x".repeat(101)])).toBeUndefined();
    const many = await Promise.all([PROSE, PROSE, PROSE].map((text) => counter.count([text])));
    expect(many.filter((counts) => counts === undefined)).toHaveLength(1);
    const last = counter.count([PROSE]);
    await counter[Symbol.asyncDispose]();
    expect(await last).toBeUndefined();
    expect(await counter.count([PROSE])).toBeUndefined();
  });

  it("ends its thread when nothing comes, and starts another when something does", async () => {
    counter = new ThreadTokenCounter({ ...PATIENT, idleMs: 1 });
    const started: Worker[] = [];
    const note = (message: unknown): void => {
      started.push((message as { worker: Worker }).worker);
    };
    subscribe("worker_threads", note);
    try {
      expect(await counter.count([PROSE])).toEqual([8]);
      const [first] = started;
      if (first === undefined) throw new Error("no thread was started");
      if (first.threadId !== ENDED) await once(first, "exit");
      expect(await counter.count([PROSE])).toEqual([8]);
      expect(started).toHaveLength(2);
    } finally {
      unsubscribe("worker_threads", note);
    }
  });
});

const REPORT: InspectionReport = {
  findings: [],
  scan: { kind: "none", reason: "not_asked" },
  usage: undefined,
  model: "m",
};
const TEXTS = { input: "i", output: "o", imageTokens: 5 };

describe("an answer without a bill", () => {
  it("is counted with a margin for other tokenizers, and flagged", async () => {
    counter = new ThreadTokenCounter();
    const count = async () => [100, 10];
    const { usage } = await countMissing(REPORT, TEXTS, { count });
    expect(usage).toMatchObject({ input: 125 + 64 + 5, output: 13, source: "estimated" });
  });

  it("stays unknown where it cannot be counted, so that its hold stands", async () => {
    const count = async () => undefined;
    expect(await countMissing(REPORT, TEXTS, { count })).toBe(REPORT);
  });
});
