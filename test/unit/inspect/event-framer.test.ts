import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { createEventFramer } from "../../../src/core/inspect/event-framer.ts";
import type { Frame } from "../../../src/core/inspect/frame.ts";
import { readCorpus } from "../../support/corpora.ts";

interface StreamCase {
  readonly name: string;
  readonly raw_b64: string;
  readonly expect: {
    readonly events: readonly (readonly [type: string, data: string, id: string])[];
  };
}

const cases = readCorpus<StreamCase>("sse_frames.jsonl");

function framed(pieces: readonly Uint8Array[]) {
  const framer = createEventFramer(1 << 20);
  const frames: Frame[] = [];
  for (const piece of pieces) frames.push(...framer.push(piece));
  frames.push(...framer.end());
  return {
    bytes: Buffer.concat(frames.map(({ bytes }) => bytes)).toString("latin1"),
    texts: frames.flatMap(({ spans }) => spans.map(({ text }) => text)),
  };
}

describe.skipIf(cases === undefined)("events of plain HTTP upstreams", () => {
  it.each(cases ?? [])(
    "are looked at the same however $name is cut",
    ({ raw_b64, expect: { events } }) => {
      const stream = Buffer.from(raw_b64, "base64");
      const whole = framed([stream]);
      expect(whole.bytes).toBe(stream.toString("latin1"));
      expect(framed(Array.from(stream, (byte) => Buffer.from([byte])))).toEqual(whole);
      for (let at = 1; at < Math.min(stream.length, 600); at += 1) {
        expect(framed([stream.subarray(0, at), stream.subarray(at)])).toEqual(whole);
      }
      const seen = whole.texts.join("\n").replaceAll(/\r\n|\r/g, "\n");
      for (const [, data] of events.filter(([, one]) => !/^[{[]/.test(one))) {
        for (const line of data.split("\n")) expect(seen).toContain(line);
      }
    },
  );
});

describe("an event larger than may be framed", () => {
  const framesOf = (text: string, bytesMax: number): readonly Frame[] => {
    const framer = createEventFramer(bytesMax);
    const bytes = Array.from(Buffer.from(text), (byte) => Buffer.of(byte));
    return [...bytes.flatMap((byte) => framer.push(byte)), ...framer.end()];
  };

  it("is one running text, whatever pieces it comes in", () => {
    const stream = `data: short\n\ndata: ${"é".repeat(100)}\n\ndata: after\n\n`;
    const frames = framesOf(stream, 64);
    expect(Buffer.concat(frames.map(({ bytes }) => bytes)).toString()).toBe(stream);
    const [first, piece, ...rest] = frames.flatMap(({ spans }) => spans);
    expect(first).toMatchObject({ part: "event", text: "data: short\n\n" });
    expect(piece).toMatchObject({ part: "stream:", text: "short" });
    expect(new Set(rest.map(({ part, last }) => `${part} ${last}`))).toEqual(
      new Set(["oversize false"]),
    );
    expect(rest.map(({ text }) => text).join("")).toBe(stream.slice("data: short\n\n".length));
  });
});
