/**
 * A stretch of a text as numbers: `charCodeAt` asks each time how its text is stored, which costs
 * more than what is done with the unit. Who goes through texts has a block of its own.
 */

export interface TextBlock {
  /** Of `text`, from `from` to `to`. */
  readonly units: Uint16Array;
  text: string;
  from: number;
  to: number;
  isAscii: boolean;
}

/** Units copied at once: little at first, as nothing further may be wanted. */
const BLOCK_MIN = 256;
export const BLOCK_MAX = 4096;
/** Fewer are read one by one: to call the encoder takes as long. */
const ENCODED_MIN = 48;
const encoder = new TextEncoder();
const bytes = new Uint8Array(BLOCK_MAX);

export function openBlock(): TextBlock {
  return { units: new Uint16Array(BLOCK_MAX), text: "", from: 0, to: 0, isAscii: true };
}

/** One for the text at hand, one for what is looked at inside it: neither is read anew for the other. */
export interface BlockPair {
  recent: TextBlock;
  other: TextBlock;
}

export function openBlocks(): BlockPair {
  return { recent: openBlock(), other: openBlock() };
}

/** The one that has some of `text`, or else the one that was used longest ago. */
export function blockFor(blocks: BlockPair, text: string): TextBlock {
  const { recent, other } = blocks;
  if (recent.text === text) {
    // The same units in another string would be compared one by one, each time.
    recent.text = text;
    return recent;
  }
  blocks.recent = other;
  blocks.other = recent;
  return other;
}

/** Sees to it that the unit at `at` is in the block, and `least` in all if the text has them. */
export function reach(block: TextBlock, text: string, at: number, least: number): void {
  const isIn = at >= block.from && at + least <= block.to && block.text === text;
  if (!isIn) goOn(block, text, at, least);
}

function goOn(block: TextBlock, text: string, at: number, least: number): void {
  const { from, to } = block;
  const isSame = block.text === text && at >= from && at <= to;
  if (isSame && to === text.length) return;
  // More of what was gone through before.
  const size = isSame ? Math.min(4 * (to - from), BLOCK_MAX) : BLOCK_MIN;
  load(block, text, at, Math.min(text.length, at + Math.max(size, least)));
}

/** `[from, to)`, at most `BLOCK_MAX` units. */
export function load(block: TextBlock, text: string, from: number, to: number): void {
  const count = to - from;
  block.text = text;
  block.from = from;
  block.to = to;
  if (count < ENCODED_MIN) {
    block.isAscii = readUnits(block.units, text, from, to) < ASCII_END;
    return;
  }
  block.isAscii = !isForeign(text, from, to) && encode(block, text, from, to);
  if (block.isAscii) return;
  const { units, from: begin } = foreignStretch(text, from, to);
  block.units.set(units.subarray(from - begin, to - begin));
}

/** Whether all of it is ASCII; else the block is what it was. */
function encode(block: TextBlock, text: string, from: number, to: number): boolean {
  const count = to - from;
  const piece = count === text.length ? text : text.slice(from, to);
  const { read, written } = encoder.encodeInto(piece, bytes);
  if (read !== count || written !== count) return false;
  block.units.set(count === BLOCK_MAX ? bytes : bytes.subarray(0, count));
  return true;
}

/** All bits of the units in `[from, to)`. */
function readUnits(units: Uint16Array, text: string, from: number, to: number): number {
  let bits = 0;
  for (let i = from; i < to; i += 1) {
    const unit = text.charCodeAt(i);
    units[i - from] = unit;
    bits |= unit;
  }
  return bits;
}

const ASCII_END = 0x80;

/** Stretch of a text in which there are units beyond ASCII. */
export interface ForeignStretch {
  readonly units: Uint16Array;
  text: string;
  from: number;
  to: number;
}

/** A stretch begins at a multiple of this. */
const STRETCH_STEP = 2048;
const STRETCH_MAX = 2 * STRETCH_STEP + BLOCK_MAX;
/** The text at hand, and what is looked at inside it. */
let foreign = openStretch();
let otherForeign = openStretch();

function openStretch(): ForeignStretch {
  return { units: new Uint16Array(STRETCH_MAX), text: "", from: 0, to: 0 };
}

/**
 * A stretch with `[from, to)` in it, at most `BLOCK_MAX` units. Such text is read unit by unit, which
 * takes as long as most of what is done with them: once for all who go through it.
 */
export function foreignStretch(text: string, from: number, to: number): ForeignStretch {
  if (foreign.text !== text) [foreign, otherForeign] = [otherForeign, foreign];
  if (isIn(foreign, text, from, to)) foreign.text = text;
  else {
    // A passage begins before the place that was read last.
    const start = Math.max(0, from - (from % STRETCH_STEP) - STRETCH_STEP);
    foreign.text = text;
    foreign.from = start;
    foreign.to = Math.min(text.length, start + STRETCH_MAX);
    readUnits(foreign.units, text, start, foreign.to);
  }
  return foreign;
}

function isForeign(text: string, from: number, to: number): boolean {
  return isIn(foreign, text, from, to) || isIn(otherForeign, text, from, to);
}

function isIn(stretch: ForeignStretch, text: string, from: number, to: number): boolean {
  return from >= stretch.from && to <= stretch.to && stretch.text === text;
}
