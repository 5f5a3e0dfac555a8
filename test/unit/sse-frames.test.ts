import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSseFramer, replaceSseData, type SseFrame } from "../../src/lib/sse-frames.ts";

const CORPUS = `${
  process.env["SALLYPORT_CORPORA"] ??
  fileURLToPath(new URL("../../../shared/corpora", import.meta.url))
}/sse_frames.jsonl`;

interface CorpusCase {
  readonly name: string;
  readonly raw_b64: string;
  readonly expect: { readonly events: readonly (readonly [string, string, string])[] };
}

function corpus(): readonly CorpusCase[] {
  if (!existsSync(CORPUS)) return [];
  const lines = readFileSync(CORPUS, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as CorpusCase);
}

/** Every frame of a stream that arrives in these pieces. */
function framesOf(pieces: readonly Uint8Array[], eventBytesMax = 1_000_000): readonly SseFrame[] {
  const framer = createSseFramer(eventBytesMax);
  const frames = pieces.flatMap((piece) => [...framer.push(piece)]);
  return [...frames, ...framer.end()];
}

/** What a browser would dispatch: type, data, last event id. */
function dispatched(frames: readonly SseFrame[]): readonly (readonly [string, string, string])[] {
  let lastId = "";
  const events: [string, string, string][] = [];
  for (const frame of frames) {
    if (frame.kind !== "event") continue;
    if (frame.id !== undefined) lastId = frame.id;
    if (frame.data !== undefined) events.push([frame.event ?? "message", frame.data, lastId]);
  }
  return events;
}

function bytewise(raw: Buffer): readonly Buffer[] {
  return Array.from(raw, (byte) => Buffer.from([byte]));
}

function joined(frames: readonly SseFrame[]): Buffer {
  return Buffer.concat(frames.map(({ bytes }) => bytes));
}

describe("createSseFramer", () => {
  it.each(corpus())("gives the events of corpus case $name however it is cut", (record) => {
    const raw = Buffer.from(record.raw_b64, "base64");
    for (let cut = 0; cut <= raw.length; cut += 1) {
      const frames = framesOf([raw.subarray(0, cut), raw.subarray(cut)]);
      expect(dispatched(frames)).toEqual(record.expect.events);
      expect(joined(frames).equals(raw)).toBe(true);
    }
    expect(dispatched(framesOf(bytewise(raw)))).toEqual(record.expect.events);
  });

  it("hands over an event with its last byte, also when CRLF is cut in the middle", () => {
    const framer = createSseFramer(1_000_000);
    expect(framer.push(Buffer.from("data: 1\r\n\r"))).toMatchObject([{ data: "1" }]);
    expect(framer.push(Buffer.from("\ndata: 2\r\n\r\n"))).toMatchObject([{ data: "2" }]);
  });

  it("keeps comments, retry and ids in the frame's bytes", () => {
    const text = ": hello\nretry: 5\nid: 9\nevent: endpoint\ndata: /m\n\n";
    const [frame] = framesOf([Buffer.from(text)]);
    expect(frame).toMatchObject({ kind: "event", event: "endpoint", data: "/m", id: "9" });
    expect(frame?.bytes.toString()).toBe(text);
  });

  it("skips a byte order mark at the start of the stream and nowhere else", () => {
    const frames = framesOf([Buffer.from("\uFEFFdata: a\n\n\uFEFFdata: b\n\n")]);
    expect(frames.map(({ data }) => data)).toEqual(["a", undefined]);
  });

  it("ignores an id with a NUL, as browsers do", () => {
    expect(framesOf([Buffer.from("id: a\0b\ndata: x\n\n")])[0]?.id).toBeUndefined();
  });

  it("says when the stream ended inside an event", () => {
    expect(framesOf([Buffer.from("data: a\n\ndata: b")])).toMatchObject([
      { kind: "event", data: "a" },
      { kind: "unfinished", data: "b" },
    ]);
  });

  it("stops reading at the size limit and gives up the bytes unread, however they were cut", () => {
    const raw = Buffer.from(`data: ok\n\ndata: ${"x".repeat(40)}\n\ndata: after\n\n`);
    for (const pieces of [[raw], bytewise(raw)]) {
      const frames = framesOf(pieces, 32);
      expect(frames[0]).toMatchObject({ kind: "event", data: "ok" });
      expect(new Set(frames.slice(1).map(({ kind }) => kind))).toEqual(new Set(["oversize"]));
      expect(joined(frames).equals(raw)).toBe(true);
    }
  });

  it("is indifferent to cuts and loses no byte, for any stream", () => {
    const piece = fc.constantFrom("data: x", "data:", "id: 1", ":", "event:e", "é", "\uFEFF");
    const lineEnd = fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n");
    const stream = fc
      .array(fc.tuple(piece, lineEnd), { maxLength: 30 })
      .map((lines) => Buffer.from(lines.flat().join("")));
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200), { maxLength: 8 }), (raw, cuts) => {
        const at = [0, ...cuts.map((cut) => cut % (raw.length + 1)), raw.length];
        at.sort((a, b) => a - b);
        const pieces = at.slice(1).map((end, i) => raw.subarray(at[i], end));
        const cutUp = framesOf(pieces);
        expect(joined(cutUp).equals(raw)).toBe(true);
        expect(dispatched(cutUp)).toEqual(dispatched(framesOf([raw])));
      }),
    );
  });
});

describe("replaceSseData", () => {
  const rewritten = (text: string, data: string): string => {
    const [frame] = framesOf([Buffer.from(text)]);
    if (frame === undefined) throw new Error("no frame");
    return replaceSseData(frame, data).toString();
  };

  it("puts the new data where the old began and keeps every other line", () => {
    const text = ": c\r\nid: 1\r\ndata: a\r\ndata: b\r\nretry: 5\r\n\r\n";
    expect(rewritten(text, "new")).toBe(": c\r\nid: 1\r\ndata: new\nretry: 5\r\n\r\n");
  });

  it("writes data of several lines as several fields", () => {
    const out = rewritten("data: a\n\n", "x\r\ny\nz");
    expect(framesOf([Buffer.from(out)])).toMatchObject([{ data: "x\ny\nz" }]);
  });

  it("replaces data in the first line of a stream with a byte order mark", () => {
    expect(rewritten("\uFEFFdata: old\n\n", "new")).toBe("data: new\n\n");
  });
});
