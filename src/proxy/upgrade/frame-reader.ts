/**
 * Cuts one way of a WebSocket into frames, whatever pieces it comes in.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 */
import { Buffer } from "node:buffer";

export interface SocketFrame {
  readonly fin: boolean;
  /** Bits that an extension has given a meaning to, such as compression. */
  readonly reserved: boolean;
  readonly opcode: number;
  /** What it was masked with; undefined: it came in the clear. */
  readonly mask: Buffer | undefined;
  /** Unmasked. */
  readonly payload: Buffer;
  /** As it came. */
  readonly bytes: Buffer;
}

export type FrameReading =
  | { readonly kind: "frame"; readonly frame: SocketFrame }
  /** A frame of more than `frameBytesMax`; all that follows is not read. */
  | { readonly kind: "oversize"; readonly bytes: Buffer };

export interface FrameReader {
  push(chunk: Buffer): readonly FrameReading[];
}

const HEADER_BYTES_MIN = 2;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;
/** Rounds what nobody sends: it is past every limit. */
const HIGH_WORD = 2 ** 32;
const NOTHING = Buffer.alloc(0);

export function createFrameReader(frameBytesMax: number): FrameReader {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  /** Bytes without which nothing can be said. */
  let wanted = HEADER_BYTES_MIN;
  let oversize = false;

  function push(chunk: Buffer): readonly FrameReading[] {
    if (oversize) return [{ kind: "oversize", bytes: chunk }];
    kept.push(chunk);
    keptBytes += chunk.length;
    if (keptBytes < wanted) return [];
    let rest = kept.length === 1 ? chunk : Buffer.concat(kept);
    const readings: FrameReading[] = [];
    for (;;) {
      wanted = frameBytes(rest);
      if (wanted > frameBytesMax) {
        oversize = true;
        readings.push({ kind: "oversize", bytes: rest });
        rest = NOTHING;
      }
      if (rest.length < wanted) break;
      readings.push({ kind: "frame", frame: frameOf(rest.subarray(0, wanted)) });
      rest = rest.subarray(wanted);
    }
    kept = rest.length === 0 ? [] : [rest];
    keptBytes = rest.length;
    return readings;
  }

  return { push };
}

/** Of the frame that begins here, or of as much of its head as must come first. */
function frameBytes(begun: Buffer): number {
  const head = headerBytes(begun);
  return begun.length < head ? head : head + payloadBytes(begun);
}

function headerBytes(begun: Buffer): number {
  if (begun.length < HEADER_BYTES_MIN) return HEADER_BYTES_MIN;
  const mask = isMasked(begun) ? MASK_BYTES : 0;
  const code = lengthCode(begun);
  if (code === LENGTH_64) return HEADER_BYTES_MIN + 8 + mask;
  return HEADER_BYTES_MIN + (code === LENGTH_16 ? 2 : 0) + mask;
}

function payloadBytes(header: Buffer): number {
  const code = lengthCode(header);
  if (code === LENGTH_64) return header.readUInt32BE(2) * HIGH_WORD + header.readUInt32BE(6);
  return code === LENGTH_16 ? header.readUInt16BE(2) : code;
}

function frameOf(bytes: Buffer): SocketFrame {
  const first = bytes[0] ?? 0;
  const head = headerBytes(bytes);
  const mask = isMasked(bytes) ? bytes.subarray(head - MASK_BYTES, head) : undefined;
  const payload = bytes.subarray(head);
  return {
    fin: (first & 0x80) !== 0,
    reserved: (first & 0x70) !== 0,
    opcode: first & 0x0f,
    mask,
    payload: mask === undefined ? payload : masked(payload, mask),
    bytes,
  };
}

/** A complete message in one frame, masked again as the one it stands for was. */
export function writeFrame(opcode: number, payload: Uint8Array, mask: Buffer | undefined): Buffer {
  const length = payload.length;
  const extra = length < LENGTH_16 ? 0 : length < 0x10000 ? 2 : 8;
  const head = Buffer.alloc(HEADER_BYTES_MIN + extra);
  head[0] = 0x80 | opcode;
  head[1] = (mask === undefined ? 0 : 0x80) | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) head.writeUInt16BE(length, 2);
  if (extra === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const parts = mask === undefined ? [head, payload] : [head, mask, masked(payload, mask)];
  return Buffer.concat(parts);
}

function masked(payload: Uint8Array, mask: Buffer): Buffer {
  const clear = Buffer.from(payload);
  for (let i = 0; i < clear.length; i += 1) clear[i] = (clear[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return clear;
}

function isMasked(header: Buffer): boolean {
  return ((header[1] ?? 0) & 0x80) !== 0;
}

function lengthCode(header: Buffer): number {
  return (header[1] ?? 0) & 0x7f;
}
