/** First flights of TLS clients: real ones, and ones made by hand. */
import { Duplex } from "node:stream";
import { connect, type ConnectionOptions } from "node:tls";

/** What Node's own TLS sends first. */
export function realClientHello(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        resolve(bytes);
        done();
      },
    });
    connect({ ...options, socket: wire }).on("error", () => undefined);
  });
}

export interface HelloParts {
  /** One `server_name` entry each. */
  readonly names?: readonly string[];
  readonly more?: readonly { readonly type: number; readonly content: Buffer }[];
}

export function clientHelloMessage({ names = [], more = [] }: HelloParts): Buffer {
  const entries = names.map((name) =>
    Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name))]),
  );
  const named = names.length === 0 ? [] : [{ type: 0, content: vector(2, Buffer.concat(entries)) }];
  const extensions = [...named, ...more].map(({ type, content }) =>
    Buffer.concat([uint(2, type), vector(2, content)]),
  );
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 9)),
    vector(2, Buffer.from([0x13, 0x01])),
    vector(1, Buffer.from([0])),
    vector(2, Buffer.concat(extensions)),
  ]);
  return Buffer.concat([Buffer.from([1]), vector(3, body)]);
}

/** `message` in records of at most `bytes` bytes. */
export function inRecords(message: Buffer, bytes = 16_384): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += bytes) {
    records.push(Buffer.from([22, 3, 1]), vector(2, message.subarray(at, at + bytes)));
  }
  return Buffer.concat(records);
}

export function clientHello(parts: HelloParts): Buffer {
  return inRecords(clientHelloMessage(parts));
}

function vector(lengthBytes: number, content: Buffer): Buffer {
  return Buffer.concat([uint(lengthBytes, content.length), content]);
}

function uint(bytes: number, value: number): Buffer {
  const written = Buffer.alloc(bytes);
  written.writeUIntBE(value, 0, bytes);
  return written;
}
