/**
 * `application/vnd.amazon.eventstream`: length, headers, payload, checksums. The only importer of
 * the AWS codec; loading it costs 13 MB, so only a Bedrock upstream makes it load.
 *
 * @see https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import type { EventStreamCodec, Message, MessageHeaders } from "@smithy/eventstream-codec";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { SseFrame, SseFramer } from "../../../lib/sse-frames.ts";
import { createPiecewise } from "../../../lib/piecewise.ts";
import type { EventCodec } from "../event-codec.ts";
import { withoutTokens } from "../sse-event.ts";

const LENGTH_BYTES = 4;
/** Prelude and the message's checksum. */
const MESSAGE_BYTES_MIN = 16;
const NOTHING: readonly SseFrame[] = [];
const NO_BYTES = Buffer.alloc(0);

export interface AwsEventCodec extends EventCodec {
  /** A message that the SDKs throw: an exception of the API, by its name in the model. */
  exception(name: string, json: JsonObject): Uint8Array;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

export async function loadAwsEventCodec(): Promise<AwsEventCodec> {
  const { EventStreamCodec: Codec } = await import("@smithy/eventstream-codec");
  const codec = new Codec(
    (bytes) => utf8.decode(bytesOf(bytes)),
    (text) => encoder.encode(text),
  );
  return {
    type: /^application\/vnd\.amazon\.eventstream\s*(?:;|$)/i,
    end: NO_BYTES,
    framer: (max) => createFramer(codec, max),
    write: (frame, json) => rewritten(codec, frame, JSON.stringify(json, withoutTokens)),
    writeText: (frame, text) => rewritten(codec, frame, text),
    exception(name, json) {
      const headers: MessageHeaders = {
        ":exception-type": { type: "string", value: name },
        ":content-type": { type: "string", value: "application/json" },
        ":message-type": { type: "string", value: "exception" },
      };
      return codec.encode({ headers, body: encoder.encode(JSON.stringify(json)) });
    },
  };
}

function bytesOf(input: Uint8Array | string): Uint8Array {
  return typeof input === "string" ? encoder.encode(input) : input;
}

function createFramer(codec: EventStreamCodec, eventBytesMax: number): SseFramer {
  const begun = createPiecewise();
  let raw = false;

  function push(bytes: Uint8Array): readonly SseFrame[] {
    let rest: Buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (raw) return [unreadable(rest)];
    const frames: SseFrame[] = [];
    while (begun.length() + rest.length >= LENGTH_BYTES) {
      const length = lengthOf(begun.view(), rest);
      if (length < MESSAGE_BYTES_MIN || length > eventBytesMax) {
        raw = true;
        frames.push(unreadable(begun.take(rest)));
        return frames;
      }
      const missing = length - begun.length();
      if (missing > rest.length) break;
      frames.push(frameOf(codec, begun.take(rest.subarray(0, missing))));
      rest = rest.subarray(missing);
    }
    if (rest.length > 0) begun.keep(rest);
    return frames;
  }

  return {
    push,
    end: () => (begun.length() === 0 ? NOTHING : [unreadable(begun.take(NO_BYTES))]),
  };
}

/** The first four bytes, wherever the message was cut. */
function lengthOf(begun: Buffer, rest: Buffer): number {
  if (begun.length >= LENGTH_BYTES) return begun.readUInt32BE(0);
  if (begun.length === 0) return rest.readUInt32BE(0);
  return Buffer.concat([begun, rest.subarray(0, LENGTH_BYTES)]).readUInt32BE(0);
}

/** A message that the codec cannot read is one that nobody may take for scanned. */
function frameOf(codec: EventStreamCodec, bytes: Buffer): SseFrame {
  try {
    const { headers, body } = codec.decode(bytes);
    const text = utf8.decode(body);
    const data = text === "" ? undefined : (innerText(text) ?? text);
    return { kind: "event", bytes, event: nameOf(headers), data, id: undefined };
  } catch {
    return unreadable(bytes);
  }
}

function unreadable(bytes: Buffer): SseFrame {
  return { kind: "oversize", bytes, event: undefined, data: undefined, id: undefined };
}

function nameOf(headers: MessageHeaders): string | undefined {
  const header = headers[":event-type"] ?? headers[":exception-type"];
  return header?.type === "string" ? header.value : undefined;
}

/** InvokeModel wraps what the model says in base64: `{"bytes": "…", "p": "…"}`. */
function innerText(payload: string): string | undefined {
  const wrapped = wrapping(payload);
  return wrapped === undefined ? undefined : utf8.decode(Buffer.from(wrapped.bytes, "base64"));
}

function wrapping(payload: string): { readonly bytes: string } | undefined {
  if (!payload.startsWith('{"')) return undefined;
  try {
    const json: unknown = JSON.parse(payload);
    const bytes = isJsonObject(json) ? json["bytes"] : undefined;
    return typeof bytes === "string" ? { bytes } : undefined;
  } catch {
    return undefined;
  }
}

function rewritten(codec: EventStreamCodec, { bytes }: SseFrame, text: string): Uint8Array {
  const { headers, body }: Message = codec.decode(bytes);
  const isWrapped = wrapping(utf8.decode(body)) !== undefined;
  const payload = isWrapped
    ? JSON.stringify({ bytes: Buffer.from(text).toString("base64") })
    : text;
  return codec.encode({ headers, body: encoder.encode(payload) });
}
