/** AWS event streams by the specification: written here, so that our codec is not its own judge. */
import { crc32 } from "node:zlib";

const STRING = 7;

export function awsMessage(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      return Buffer.concat([
        Buffer.from([Buffer.byteLength(name)]),
        Buffer.from(name),
        Buffer.from([STRING]),
        length,
        Buffer.from(value),
      ]);
    }),
  );
  const body = Buffer.from(payload);
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(head.length + body.length + 16, 0);
  prelude.writeUInt32BE(head.length, 4);
  const checked = Buffer.concat([prelude, checksum(prelude), head, body]);
  return Buffer.concat([checked, checksum(checked)]);
}

/** One event of Converse or InvokeModel. */
export function awsEvent(type: string, json: unknown): Buffer {
  return awsMessage(
    { ":event-type": type, ":content-type": "application/json", ":message-type": "event" },
    JSON.stringify(json),
  );
}

/** What InvokeModel sends for one event of the model's own. */
export function invokeChunk(json: unknown): Buffer {
  return awsEvent("chunk", { bytes: Buffer.from(JSON.stringify(json)).toString("base64") });
}

export interface ReadMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
}

/** Throws for a message that is cut or damaged. */
export function readAwsMessages(bytes: Buffer): ReadMessage[] {
  const messages: ReadMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const message = bytes.subarray(at, at + length);
    if (message.length !== length) throw new Error("a message is cut");
    const sum = message.readUInt32BE(length - 4);
    if (sum !== crc32(message.subarray(0, -4))) throw new Error("a message is damaged");
    const headEnd = 12 + message.readUInt32BE(4);
    const headers: Record<string, string> = {};
    for (let h = 12; h < headEnd;) {
      const nameEnd = h + 1 + message.readUInt8(h);
      const valueAt = nameEnd + 3;
      const valueEnd = valueAt + message.readUInt16BE(nameEnd + 1);
      headers[message.toString("utf8", h + 1, nameEnd)] = message.toString(
        "utf8",
        valueAt,
        valueEnd,
      );
      h = valueEnd;
    }
    messages.push({ headers, payload: JSON.parse(message.toString("utf8", headEnd, length - 4)) });
    at += length;
  }
  return messages;
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum;
}
