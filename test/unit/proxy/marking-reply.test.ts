import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarkingReply, type MarkSoFar } from "../../../src/proxy/marking-reply.ts";
import type { Reply } from "../../../src/proxy/reply.ts";

/** Writes down what is asked of it. */
function recordingReply(accepts = true) {
  const log: string[] = [];
  let bytes = 0;
  let gone = (): void => {};
  const reply: Reply = {
    get bytes() {
      return bytes;
    },
    broken: false,
    get headSent() {
      return log.includes("head");
    },
    gone: false,
    adorn: () => void log.push("adorn"),
    head: () => void log.push("head"),
    flushHead: () => void log.push("flush"),
    write(chunk) {
      log.push(Buffer.from(chunk).toString());
      bytes += chunk.length;
      return accepts;
    },
    writeLast: (chunk) => void log.push(Buffer.from(chunk).toString(), "end"),
    end: () => void log.push("end"),
    onGone: (listener) => void (gone = listener),
    destroy: () => void log.push("destroy"),
    breakOff: () => void log.push("break"),
    refuse: () => void log.push("refuse"),
  };
  return { reply, log, leave: () => gone() };
}

/** Marks that take as long as the test wants. */
function slowMarks() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const mark: MarkSoFar = () => {
    if (asked) return undefined;
    asked = true;
    return promise;
  };
  return { mark, told: resolve };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const REFUSAL = { status: 403, headers: {}, body: "" };

describe("a reply that marks first", () => {
  it("lets nothing out before the marks are told, then all of it in order, and calls for more", async () => {
    const { reply, log } = recordingReply();
    const { mark, told } = slowMarks();
    const marking = new MarkingReply(reply, mark);
    let drained = 0;
    marking.head(200, []);
    marking.flushHead();
    expect(marking.write(Buffer.from("a"), () => (drained += 1))).toBe(false);
    expect(marking.write(Buffer.from("b"), () => (drained += 1))).toBe(false);
    expect([log, marking.headSent, marking.bytes]).toEqual([[], false, 2]);
    told();
    await settled();
    expect([log, marking.bytes, drained]).toEqual([["head", "flush", "a", "b"], 2, 1]);
    expect(marking.write(Buffer.from("c"), () => {})).toBe(true);
    marking.end(undefined);
    expect(log.slice(4)).toEqual(["c", "end"]);
  });

  it("leaves it to a slow client to call for more", async () => {
    const { reply } = recordingReply(false);
    const { mark, told } = slowMarks();
    const marking = new MarkingReply(reply, mark);
    let drained = 0;
    marking.write(Buffer.from("a"), () => (drained += 1));
    told();
    await settled();
    expect(drained).toBe(0);
  });

  it.each(["refuse", "destroy", "leave"] as const)("forgets what waits: %s", async (end) => {
    const { reply, log, leave } = recordingReply();
    const { mark, told } = slowMarks();
    const marking = new MarkingReply(reply, mark);
    marking.head(200, []);
    marking.writeLast(Buffer.from("a"));
    if (end === "refuse") marking.refuse(REFUSAL, false);
    else if (end === "destroy") marking.destroy();
    else leave();
    told();
    await settled();
    expect(log).toEqual(end === "leave" ? [] : [end]);
  });

  it("says the same as the reply itself, whenever marks come", async () => {
    const run = fc.array(fc.record({ text: fc.constantFrom("x", "yy"), marks: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(run, async (steps) => {
        const { reply, log } = recordingReply();
        let wants = false;
        const marking = new MarkingReply(reply, () => {
          if (!wants) return undefined;
          wants = false;
          return settled();
        });
        marking.head(200, []);
        for (const { text, marks } of steps) {
          wants ||= marks;
          marking.write(Buffer.from(text), () => {});
        }
        marking.end(undefined);
        for (let i = 0; i < 4; i += 1) await settled();
        expect(log).toEqual(["head", ...steps.map(({ text }) => text), "end"]);
      }),
    );
  });
});
