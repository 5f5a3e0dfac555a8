/**
 * Takes injected secrets out of the frames that a WebSocket server sends (RFC 6455 §5.2). Works
 * frame by frame, so that no message waits for the next one; what is compressed cannot be read, so
 * whoever tunnels with a credential must not offer extensions.
 */
import { Transform } from "node:stream";
import { createEchoFilter } from "../../core/inspect/echo-filter.ts";

const HEADER_BYTES_MIN = 2;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Rounds what no server sends; the stream would break long before. */
const HIGH_WORD = 2 ** 32;

export function createFrameVeil(echoes: readonly string[]): Transform {
  const filter = createEchoFilter(echoes);
  let header = Buffer.alloc(0);
  let payloadLeft = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = 0; at < chunk.length;) {
        if (payloadLeft > 0) {
          const payload = chunk.subarray(at, at + payloadLeft);
          at += payload.length;
          payloadLeft -= payload.length;
          this.push(filter.push(payload));
          if (payloadLeft === 0) this.push(filter.end());
          continue;
        }
        const wanted = headerBytes(header);
        const more = chunk.subarray(at, at + wanted - header.length);
        at += more.length;
        header = Buffer.concat([header, more]);
        if (header.length < headerBytes(header)) continue;
        payloadLeft = payloadBytes(header);
        this.push(header);
        header = Buffer.alloc(0);
      }
      done();
    },
  });
}

/** Servers do not mask (§5.1), so a header is two bytes and the longer forms of a length. */
function headerBytes(begun: Buffer): number {
  if (begun.length < HEADER_BYTES_MIN) return HEADER_BYTES_MIN;
  const code = lengthCode(begun);
  if (code === LENGTH_64) return HEADER_BYTES_MIN + 8;
  return code === LENGTH_16 ? HEADER_BYTES_MIN + 2 : HEADER_BYTES_MIN;
}

function payloadBytes(header: Buffer): number {
  const code = lengthCode(header);
  if (code === LENGTH_64) return header.readUInt32BE(2) * HIGH_WORD + header.readUInt32BE(6);
  return code === LENGTH_16 ? header.readUInt16BE(2) : code;
}

function lengthCode(header: Buffer): number {
  return (header[1] ?? 0) & 0x7f;
}
