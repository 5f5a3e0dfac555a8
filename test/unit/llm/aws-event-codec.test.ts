import { beforeAll, describe, expect, it } from "vitest";
import {
  loadAwsEventCodec,
  type AwsEventCodec,
} from "../../../src/proxy/llm/bedrock/aws-event-codec.ts";
import type { SseFrame } from "../../../src/lib/sse-frames.ts";
import { awsEvent, awsMessage, invokeChunk, readAwsMessages } from "../../support/aws-events.ts";

const MAX = 10_000;
let codec: AwsEventCodec;
beforeAll(async () => {
  codec = await loadAwsEventCodec();
});

function framed(pieces: readonly Uint8Array[], max = MAX): readonly SseFrame[] {
  const framer = codec.framer(max);
  return [...pieces.flatMap((piece) => framer.push(piece)), ...framer.end()];
}

const only = (frames: readonly SseFrame[]): SseFrame => {
  const [frame] = frames;
  if (frame === undefined) throw new Error("no frame");
  return frame;
};

const STREAM = Buffer.concat([
  awsEvent("messageStart", { role: "assistant" }),
  awsEvent("contentBlockDelta", { delta: { text: "Hällo 🦊" }, contentBlockIndex: 0 }),
  invokeChunk({ type: "ping", text: "größer" }),
  awsMessage({ ":message-type": "event", ":event-type": "initial-response" }, ""),
]);

describe("AWS event streams", () => {
  it("are cut into their messages, however they come", () => {
    const seen = (frames: readonly SseFrame[]) =>
      frames.map(({ kind, event, data, bytes }) => ({
        kind,
        event,
        data,
        bytes: bytes.toString("hex"),
      }));
    const whole = seen(framed([STREAM]));
    expect(whole.map(({ event, data }) => [event, data])).toEqual([
      ["messageStart", '{"role":"assistant"}'],
      ["contentBlockDelta", '{"delta":{"text":"Hällo 🦊"},"contentBlockIndex":0}'],
      ["chunk", '{"type":"ping","text":"größer"}'],
      ["initial-response", undefined],
    ]);
    expect(whole.map(({ bytes }) => bytes).join("")).toBe(STREAM.toString("hex"));
    expect(seen(framed(Array.from(STREAM, (byte) => Uint8Array.of(byte))))).toEqual(whole);
    for (let at = 1; at < STREAM.length; at += 1) {
      expect(seen(framed([STREAM.subarray(0, at), STREAM.subarray(at)]))).toEqual(whole);
    }
  });

  it("are unreadable, and never read wrong, where a byte is damaged", () => {
    const message = awsEvent("messageStart", { role: "assistant" });
    for (let at = 0; at < message.length; at += 1) {
      const damaged = Buffer.from(message);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      const frames = framed([damaged]);
      expect(frames.every(({ kind }) => kind === "oversize")).toBe(true);
      expect(Buffer.concat(frames.map(({ bytes }) => bytes)).equals(damaged)).toBe(true);
    }
  });

  it("are unreadable past the limit, and where they end inside a message", () => {
    const large = awsEvent("chunk", { text: "x".repeat(MAX) });
    const after = awsEvent("messageStop", {});
    expect(framed([large, after]).map(({ kind }) => kind)).toEqual(["oversize", "oversize"]);
    expect(framed([after.subarray(0, -1)]).map(({ kind }) => kind)).toEqual(["oversize"]);
  });

  it("are written again with the same headers, in the wrapping they came in", () => {
    const plain = only(framed([awsEvent("contentBlockDelta", { delta: { text: "a" } })]));
    expect(readAwsMessages(Buffer.from(codec.write(plain, { delta: { text: "b" } })))).toEqual([
      {
        headers: {
          ":event-type": "contentBlockDelta",
          ":content-type": "application/json",
          ":message-type": "event",
        },
        payload: { delta: { text: "b" } },
      },
    ]);
    const wrapped = only(framed([invokeChunk({ text: "a" })]));
    const [message] = readAwsMessages(Buffer.from(codec.write(wrapped, { text: "b" })));
    expect(message?.payload).toEqual({ bytes: Buffer.from('{"text":"b"}').toString("base64") });
  });

  it("end in an exception that names its kind", () => {
    const last = codec.exception("validationException", { message: "no" });
    expect(readAwsMessages(Buffer.from(last))).toMatchObject([
      { headers: { ":message-type": "exception" }, payload: { message: "no" } },
    ]);
  });
});
