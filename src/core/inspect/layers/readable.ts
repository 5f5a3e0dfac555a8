/** What of decoded bytes is text that somebody could read; undefined where nothing is. */
import { inflate, isCompressed } from "./inflate.ts";

/** Out of one compressed run. */
export const INFLATED_BYTES_MAX = 262_144;
/** Bytes in a row that chance does not make printable in binary data. */
const STRETCH_MIN = 16;
/** Of the bytes of a text; the rest may be damage. */
const PRINTABLE_SHARE = 0.9;
/** The share is measured on this many bytes first: most runs are identifiers and hashes. */
const PROBE_BYTES = 12;

export interface Readable {
  readonly text: string;
  /** Names of what was taken off, outermost first. */
  readonly layers: readonly string[];
  /** Some of it could not be decoded within the limits. */
  readonly cut: boolean;
}

const utf8 = new TextDecoder("utf-8");
const utf16 = new TextDecoder("utf-16le");

/** `layer`: how the bytes themselves were written. `room`: what may still come out of them. */
export function readable(bytes: Uint8Array, layer: string, room: number): Readable | undefined {
  if (bytes.length < 4) return undefined;
  if (isCompressed(bytes)) {
    const most = Math.min(INFLATED_BYTES_MAX, room);
    const inflated = inflate(bytes, most);
    const text = textOf(inflated.bytes);
    // Two bytes look like zlib's by chance: what broke at once was none.
    if (text !== undefined) {
      return { text, layers: [layer, "gzip"], cut: !inflated.complete };
    }
    // What came out up to the limit says nothing; what would come behind it nobody knows.
    if (inflated.bytes.length === most) return { text: "", layers: [layer, "gzip"], cut: true };
  }
  const text = textOf(bytes);
  return text === undefined ? undefined : { text, layers: [layer], cut: false };
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < 4) return undefined;
  if (isUtf16(bytes)) return utf16.decode(bytes);
  if (
    share(bytes, PROBE_BYTES) >= PRINTABLE_SHARE &&
    share(bytes, bytes.length) >= PRINTABLE_SHARE &&
    isMostlyUtf8(bytes)
  ) {
    return utf8.decode(bytes);
  }
  return stretches(bytes);
}

/** Windows shells take their scripts so. */
function isUtf16(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false;
  let zeros = 0;
  for (let i = 1; i < bytes.length; i += 2) if (bytes[i] === 0) zeros += 1;
  return zeros * 2 >= bytes.length * PRINTABLE_SHARE && bytes[0] !== 0;
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function share(bytes: Uint8Array, upTo: number): number {
  const length = Math.min(bytes.length, upTo);
  let good = 0;
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (isPrintable(byte) || byte >= 0x80) good += 1;
  }
  return good / length;
}

/** Sequences that are none cost a sign of replacement each: of what comes out, one in twenty. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  let broken = 0;
  let units = 0;
  for (let i = 0; i < bytes.length; units += 1) {
    const width = sequenceWidth(bytes, i);
    if (width === 0) broken += 1;
    i += Math.max(1, width);
  }
  return broken * 20 <= units;
}

/** Every byte is in a sequence of UTF-8, as far as its first bits tell. */
export function isSequenced(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length;) {
    const width = sequenceWidth(bytes, i);
    if (width === 0) return false;
    i += width;
  }
  return true;
}

/** Bytes of the sequence that begins at `at`; 0 if it is none. */
function sequenceWidth(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const width = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let i = at + 1; i < at + width; i += 1) if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return 0;
  return width;
}

/** Strings inside binary data, a line each. */
function stretches(bytes: Uint8Array): string | undefined {
  let found: string | undefined;
  for (let i = STRETCH_MIN - 1; i < bytes.length; i += STRETCH_MIN) {
    if (!isPrintable(bytes[i] ?? 0)) continue;
    let start = i;
    let end = i + 1;
    while (start > 0 && isPrintable(bytes[start - 1] ?? 0)) start -= 1;
    while (end < bytes.length && isPrintable(bytes[end] ?? 0)) end += 1;
    if (end - start < STRETCH_MIN) continue;
    const piece = utf8.decode(bytes.subarray(start, end));
    found = found === undefined ? piece : `${found}\n${piece}`;
    i = end + STRETCH_MIN - 1;
  }
  return found;
}
