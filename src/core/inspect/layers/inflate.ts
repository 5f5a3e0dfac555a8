/**
 * DEFLATE, gzip and zlib up to a number of bytes. Ours because the core has no Node: what comes out
 * is only looked at, and a bomb stops at `bytesMax`. Nothing is allocated for what breaks at once,
 * as most does that only looks compressed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1951
 */
export interface Inflated {
  /** Good until the next call. */
  readonly bytes: Uint8Array;
  /** Whether all of it came out: false past the limit, and for what is broken or cut off. */
  readonly complete: boolean;
}

/** What comes out first, and mostly is no text; it lasts until the next call. */
const first = new Uint8Array(4096);
const CODE_BITS_MAX = 15;
const END_OF_BLOCK = 256;

interface Bits {
  readonly bytes: Uint8Array;
  at: number;
  held: number;
  count: number;
  /** Read past the end, or nonsense. */
  broken: boolean;
}

interface Sink {
  bytes: Uint8Array;
  length: number;
  readonly max: number;
}

/** By its first bytes. */
export function isCompressed(bytes: Uint8Array): boolean {
  const a = bytes[0] ?? 0;
  const b = bytes[1] ?? 0;
  if (a === 0x1f && b === 0x8b) return bytes[2] === 8;
  return a === 0x78 && ((a << 8) | b) % 31 === 0 && (b & 0x20) === 0;
}

export function inflate(bytes: Uint8Array, bytesMax: number): Inflated {
  const bits: Bits = { bytes, at: headerLength(bytes), held: 0, count: 0, broken: false };
  const sink: Sink = { bytes: first, length: 0, max: bytesMax };
  let last = false;
  while (!last && !bits.broken && sink.length < bytesMax) {
    last = take(bits, 1) === 1;
    const type = take(bits, 2);
    if (type === 0) copyStored(bits, sink);
    else if (type === 1) inflateBlock(bits, sink, FIXED_LITERALS, FIXED_DISTANCES);
    else if (type === 2) inflateDynamic(bits, sink);
    else bits.broken = true;
  }
  const complete = last && !bits.broken && sink.length < bytesMax;
  return { bytes: sink.bytes.subarray(0, sink.length), complete };
}

/** @see https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1 */
const RESERVED_FLAGS = 0xe0;

/** Behind all bytes where it is none. */
function headerLength(bytes: Uint8Array): number {
  if (bytes[0] !== 0x1f) return 2;
  const flags = bytes[3] ?? 0;
  if ((flags & RESERVED_FLAGS) !== 0) return bytes.length;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    while (at < bytes.length && bytes[at] !== 0) at += 1;
    at += 1;
  }
  return (flags & 2) === 0 ? at : at + 2;
}

function take(bits: Bits, count: number): number {
  while (bits.count < count) {
    if (bits.at >= bits.bytes.length) {
      bits.broken = true;
      return 0;
    }
    bits.held |= (bits.bytes[bits.at] ?? 0) << bits.count;
    bits.at += 1;
    bits.count += 8;
  }
  const value = bits.held & ((1 << count) - 1);
  bits.held >>>= count;
  bits.count -= count;
  return value;
}

/** So that a code can be read; what is not there reads as zeros. */
function fill(bits: Bits): void {
  while (bits.count <= CODE_BITS_MAX && bits.at < bits.bytes.length) {
    bits.held |= (bits.bytes[bits.at] ?? 0) << bits.count;
    bits.at += 1;
    bits.count += 8;
  }
}

function put(sink: Sink, byte: number): void {
  if (sink.length === sink.bytes.length) grow(sink);
  sink.bytes[sink.length] = byte;
  sink.length += 1;
}

function grow(sink: Sink): void {
  const larger = new Uint8Array(sink.bytes.length * 4);
  larger.set(sink.bytes);
  sink.bytes = larger;
}

function copyStored(bits: Bits, sink: Sink): void {
  bits.at -= bits.count >> 3;
  bits.held = 0;
  bits.count = 0;
  const { bytes } = bits;
  const length = (bytes[bits.at] ?? 0) | ((bytes[bits.at + 1] ?? 0) << 8);
  bits.at += 4;
  const end = Math.min(bytes.length, bits.at + length);
  if (end < bits.at + length) bits.broken = true;
  for (; bits.at < end && sink.length < sink.max; bits.at += 1) put(sink, bytes[bits.at] ?? 0);
}

/** Canonical Huffman code: symbols by length and value. */
interface Code {
  /** Number of codes by length. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function openCode(symbols: number): Code {
  return { counts: new Uint16Array(CODE_BITS_MAX + 1), symbols: new Uint16Array(symbols) };
}

/** Undefined: no code has such lengths. */
function codeOf(lengths: Uint8Array, into: Code): Code | undefined {
  const { counts, symbols } = into;
  counts.fill(0);
  for (let i = 0; i < lengths.length; i += 1) {
    const length = lengths[i] ?? 0;
    counts[length] = (counts[length] ?? 0) + 1;
  }
  counts[0] = 0;
  let used = 0;
  let free = 1;
  for (let length = 1; length <= CODE_BITS_MAX; length += 1) {
    nextOf[length] = used;
    used += counts[length] ?? 0;
    free = 2 * free - (counts[length] ?? 0);
    if (free < 0) return undefined;
  }
  // One symbol alone, or none, leaves a code that is not used up.
  if (free > 0 && used !== (counts[1] ?? 0)) return undefined;
  for (let symbol = 0; symbol < lengths.length; symbol += 1) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    const at = nextOf[length] ?? 0;
    symbols[at] = symbol;
    nextOf[length] = at + 1;
  }
  return into;
}

/** By length of code: where its next symbol goes. */
const nextOf = new Uint16Array(CODE_BITS_MAX + 1);

function symbolOf(bits: Bits, { counts, symbols }: Code): number {
  fill(bits);
  let { held } = bits;
  let code = 0;
  let lowest = 0;
  let index = 0;
  for (let length = 1; length <= CODE_BITS_MAX; length += 1) {
    code |= held & 1;
    held >>>= 1;
    const count = counts[length] ?? 0;
    if (code - count < lowest) {
      if (length > bits.count) break;
      bits.held = held;
      bits.count -= length;
      return symbols[index + (code - lowest)] ?? END_OF_BLOCK;
    }
    index += count;
    lowest = (lowest + count) << 1;
    code <<= 1;
  }
  bits.broken = true;
  return END_OF_BLOCK;
}

const LITERALS_MAX = 288;
const DISTANCES_MAX = 32;
const FIXED_LITERALS = codeOf(
  new Uint8Array(LITERALS_MAX).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280),
  openCode(LITERALS_MAX),
);
const FIXED_DISTANCES = codeOf(new Uint8Array(DISTANCES_MAX).fill(5), openCode(DISTANCES_MAX));
const LENGTH_BASES = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const DISTANCE_BASES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function lengthBits(code: number): number {
  return code < 8 || code === 28 ? 0 : (code >> 2) - 1;
}

function inflateBlock(
  bits: Bits,
  sink: Sink,
  literals: Code | undefined,
  distances: Code | undefined,
): void {
  if (literals === undefined || distances === undefined) {
    bits.broken = true;
    return;
  }
  while (!bits.broken && sink.length < sink.max) {
    const symbol = symbolOf(bits, literals);
    if (symbol === END_OF_BLOCK) return;
    if (symbol < END_OF_BLOCK) put(sink, symbol);
    else copyBack(bits, sink, symbol - END_OF_BLOCK - 1, distances);
  }
}

function copyBack(bits: Bits, sink: Sink, code: number, distances: Code): void {
  const length = (LENGTH_BASES[code] ?? 0) + take(bits, lengthBits(code));
  const far = symbolOf(bits, distances);
  const distance = (DISTANCE_BASES[far] ?? 0) + take(bits, far < 4 ? 0 : (far >> 1) - 1);
  if (distance > sink.length || distance === 0) bits.broken = true;
  for (let i = 0; i < length && !bits.broken && sink.length < sink.max; i += 1) {
    put(sink, sink.bytes[sink.length - distance] ?? 0);
  }
}

/** Of the block at hand: its codes, and their lengths. */
const lengthsCode = openCode(LENGTHS_ORDER.length);
const literalsCode = openCode(LITERALS_MAX);
const distancesCode = openCode(DISTANCES_MAX);
const orderLengths = new Uint8Array(LENGTHS_ORDER.length);
const blockLengths = new Uint8Array(LITERALS_MAX + 2 * DISTANCES_MAX);

function inflateDynamic(bits: Bits, sink: Sink): void {
  const literalCount = take(bits, 5) + 257;
  const distanceCount = take(bits, 5) + 1;
  const ordered = take(bits, 4) + 4;
  orderLengths.fill(0);
  for (let i = 0; i < ordered; i += 1) orderLengths[LENGTHS_ORDER[i] ?? 0] = take(bits, 3);
  const count = literalCount + distanceCount;
  const code = bits.broken ? undefined : codeOf(orderLengths, lengthsCode);
  if (code === undefined || !readLengths(bits, code, count)) {
    bits.broken = true;
    return;
  }
  const literals = codeOf(blockLengths.subarray(0, literalCount), literalsCode);
  const distances = codeOf(blockLengths.subarray(literalCount, count), distancesCode);
  inflateBlock(bits, sink, literals, distances);
}

/** Whether they come out as written, and a block with them can end. */
function readLengths(bits: Bits, code: Code, count: number): boolean {
  let at = 0;
  while (at < count && !bits.broken) {
    const symbol = symbolOf(bits, code);
    const times = symbol < 16 ? 1 : repeatsOf(bits, symbol);
    if (at + times > count || (symbol === 16 && at === 0)) return false;
    const length = symbol < 16 ? symbol : symbol === 16 ? (blockLengths[at - 1] ?? 0) : 0;
    blockLengths.fill(length, at, at + times);
    at += times;
  }
  return !bits.broken && blockLengths[END_OF_BLOCK] !== 0;
}

function repeatsOf(bits: Bits, symbol: number): number {
  if (symbol === 16) return 3 + take(bits, 2);
  return symbol === 17 ? 3 + take(bits, 3) : 11 + take(bits, 7);
}
