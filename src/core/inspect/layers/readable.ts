/** What of decoded bytes is text that somebody could read; undefined where nothing is. */
import { inflate, isCompressed } from "./inflate.ts";

/** Out of one compressed run. */
export const INFLATED_BYTES_MAX = 262_144;
/** Bytes in a row that chance does not make printable in binary data. */
const STRETCH_MIN = 16;
/** Of the bytes of a text one in so many may be damage. */
const DAMAGE = 10;
/** The share is measured on this many bytes first: most runs are identifiers and hashes. */
const PROBE_BYTES = 12;

export interface Readable {
  readonly text: string;
  /** Names of what was taken off, outermost first. */
  readonly layers: readonly string[];
  /** Some of it could not be decoded within the limits. */
  readonly cut: boolean;
}

/** What may still come out of a run, and how often something in it seemed compressed. */
export interface Room {
  readonly bytes: number;
  opened: number;
}

const utf8 = new TextDecoder("utf-8");
const utf16 = new TextDecoder("utf-16le");

/** The first `length` of the bytes. `layer`: how they were written. */
export function readable(
  bytes: Uint8Array,
  length: number,
  layer: string,
  room: Room,
): Readable | undefined {
  if (length < 4) return undefined;
  if (isCompressed(bytes)) {
    room.opened += 1;
    const most = Math.min(INFLATED_BYTES_MAX, room.bytes);
    const inflated = inflate(bytes.subarray(0, length), most);
    const text = textOf(inflated.bytes, inflated.bytes.length);
    // Two bytes look like zlib's by chance: what broke at once was none.
    if (text !== undefined) {
      return { text, layers: [layer, "gzip"], cut: !inflated.complete };
    }
    // What came out up to the limit says nothing; what would come behind it nobody knows.
    if (inflated.bytes.length === most) return { text: "", layers: [layer, "gzip"], cut: true };
  }
  const text = textOf(bytes, length);
  return text === undefined ? undefined : { text, layers: [layer], cut: false };
}

function textOf(bytes: Uint8Array, length: number): string | undefined {
  if (length < 4) return undefined;
  if (isUtf16(bytes, length)) return utf16.decode(bytes.subarray(0, length));
  if (printedAs(bytes, Math.min(length, PROBE_BYTES)) !== BINARY) {
    const kind = printedAs(bytes, length);
    if (kind === ASCII || (kind === OTHER && isMostlyUtf8(bytes, length))) {
      return utf8.decode(bytes.subarray(0, length));
    }
  }
  return length < STRETCH_MIN ? undefined : stretches(bytes, length);
}

/** Windows shells take their scripts so: every other byte is zero, and most else is not. */
function isUtf16(bytes: Uint8Array, length: number): boolean {
  if (length < 8 || bytes[0] === 0) return false;
  let others = (length >> 1) - Math.ceil((length * (DAMAGE - 1)) / (2 * DAMAGE));
  for (let i = 1; i < length && others >= 0; i += 2) if (bytes[i] !== 0) others -= 1;
  return others >= 0;
}

const isPrintable = Uint8Array.from({ length: 0x100 }, (_, byte) =>
  (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09 ? 1 : 0,
);

const BINARY = 0;
const ASCII = 1;
const OTHER = 2;

/** Whether enough of the first `length` bytes may be printed; those of other scripts count as such. */
function printedAs(bytes: Uint8Array, length: number): number {
  let others = Math.floor(length / DAMAGE);
  let met = 0;
  for (let i = 0; i < length && others >= 0; i += 1) {
    const byte = bytes[i] ?? 0;
    met |= byte;
    if (byte < 0x80 && isPrintable[byte] === 0) others -= 1;
  }
  if (others < 0) return BINARY;
  return met < 0x80 ? ASCII : OTHER;
}

/** Sequences that are none cost a sign of replacement each: of what comes out, one in twenty. */
function isMostlyUtf8(bytes: Uint8Array, length: number): boolean {
  let broken = 0;
  let units = 0;
  for (let i = 0; i < length; units += 1) {
    const width = sequenceWidth(bytes, i, length);
    if (width === 0) broken += 1;
    i += Math.max(1, width);
  }
  return broken * 20 <= units;
}

/** Every byte is in a sequence of UTF-8, as far as its first bits tell. */
export function isSequenced(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length;) {
    const width = sequenceWidth(bytes, i, bytes.length);
    if (width === 0) return false;
    i += width;
  }
  return true;
}

/** Bytes of the sequence that begins at `at`; 0 if it is none. */
function sequenceWidth(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const width = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + width > end) return 0;
  for (let i = at + 1; i < at + width; i += 1) if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return 0;
  return width;
}

/** Strings inside binary data, a line each. */
function stretches(bytes: Uint8Array, length: number): string | undefined {
  let found: string | undefined;
  for (let i = STRETCH_MIN - 1; i < length; i += STRETCH_MIN) {
    if (isPrintable[bytes[i] ?? 0] === 0) continue;
    let start = i;
    let end = i + 1;
    while (start > 0 && isPrintable[bytes[start - 1] ?? 0] === 1) start -= 1;
    while (end < length && isPrintable[bytes[end] ?? 0] === 1) end += 1;
    if (end - start < STRETCH_MIN) continue;
    const piece = utf8.decode(bytes.subarray(start, end));
    found = found === undefined ? piece : `${found}\n${piece}`;
    i = end + STRETCH_MIN - 1;
  }
  return found;
}
