/**
 * The trained part of the injection detector: the weights of all features of the tokens of a window
 * that begins anew where the text before it speaks for no attack, summed as the text goes by.
 * Linear, and nothing is allocated for a token.
 */
import { decodeBase64 } from "../layers/base-n.ts";
import { toOriginal, type OffsetMap } from "../fold.ts";
import WEIGHTS from "./injection-weights.json" with { type: "json" };
import { endTokens, readTokens, tokenStart } from "./read-tokens.ts";
import { batch, MARKS } from "./token-batch.ts";
import { openTokens, resetTokens, type TokenReader } from "./token-reader.ts";

/** Tokens that are summed at most. */
const WINDOW = WEIGHTS.window;
const MASK = WEIGHTS.dimensions - 1;
/** Texts shorter than this hold no instruction. */
const CLASSIFIED_UNITS_MIN = 20;
/** Three words say nothing. */
const TOKENS_MIN = 4;
/** Text is classified in steps that end at multiples of this offset, however it was cut. */
export const CLASSIFIED_STEP = 256;
/** Of what speaks for an attack a quarter counts where it is only shown: halved so often. */
const SHOWN_HALVES = 2;
/** Sums count in steps of the weights, which are whole numbers. */
const STEP = WEIGHTS.scale;
/** Where the score is `OPERATING_SCORE`. */
const PIVOT = (WEIGHTS.pivot - WEIGHTS.bias) / STEP;
const SLOPE = WEIGHTS.slope * STEP;
const OPERATING_SCORE = 80;
const OPERATING_ODDS = Math.log(OPERATING_SCORE / (100 - OPERATING_SCORE));

const weights = decodeWeights();
const { features, featureEnds, starts, ends, marks } = batch;
const { SHOWN } = MARKS;

/** Bytes stay bytes: all of them fit into the nearest cache. */
function decodeWeights(): Int8Array {
  const text = WEIGHTS.weights;
  const bytes = new Uint8Array(text.length);
  const length = decodeBase64({ text, start: 0, end: text.length }, bytes);
  return Int8Array.from(bytes.subarray(0, length));
}

/** 0–100: at the operating point as high as `high`, elsewhere by the odds it was calibrated to. */
export function scoreOf(sum: number): number {
  return Math.round(100 / (1 + Math.exp(-(SLOPE * (sum - PIVOT) + OPERATING_ODDS))));
}

/** The least sum that gives this score. */
export function sumOf(score: number): number {
  const share = Math.min(0.995, Math.max(0.005, (score - 0.5) / 100));
  return PIVOT + (Math.log(share / (1 - share)) - OPERATING_ODDS) / SLOPE;
}

/** What is known of one text; offsets count in the folded text. */
export interface Lane {
  readonly reader: TokenReader;
  /** A ring of the last tokens: their weights, and where they begin. */
  readonly values: Int32Array;
  readonly starts: Float64Array;
  /** The same in the text as it came. */
  readonly origins: Float64Array;
  map: OffsetMap;
  tokens: number;
  /** Where in the rings the next token goes. */
  slot: number;
  /** Tokens of the window: the last so many. */
  held: number;
  /** Of the window. */
  sum: number;
  /** Everything before this offset is classified. */
  at: number;
  /** Signatures that were hit and not yet passed: their offsets and features, in order. */
  readonly hits: LaneHit[];
  /** Called after each token whose window sums to at least `threshold`. */
  report: (end: number) => void;
  threshold: number;
}

export interface LaneHit {
  readonly offset: number;
  readonly feature: number;
}

export function openLane(threshold: number, map: OffsetMap, report: (end: number) => void): Lane {
  const lane: Lane = {
    reader: openTokens({ take: ({ count }) => weigh(lane, count) }),
    values: new Int32Array(WINDOW),
    starts: new Float64Array(WINDOW),
    origins: new Float64Array(WINDOW),
    map,
    tokens: 0,
    slot: 0,
    held: 0,
    sum: 0,
    at: 0,
    hits: [],
    report,
    threshold,
  };
  return lane;
}

/** As new, for another text: what a lane is made of costs more than a short text. */
export function reopenLane(
  lane: Lane,
  threshold: number,
  map: OffsetMap,
  report: (end: number) => void,
): void {
  lane.threshold = threshold;
  lane.map = map;
  lane.report = report;
  lane.tokens = 0;
  lane.slot = 0;
  lane.at = 0;
  lane.hits.length = 0;
  clearWindow(lane);
  resetTokens(lane.reader);
}

/** Goes on to `to`; `base` is the offset of the text's first unit. */
export function classify(lane: Lane, text: string, base: number, to: number): void {
  readTokens(lane.reader, text, lane.at - base, to, base);
  lane.at = base + to;
}

/** Sees to it that the text before `to` is read: what stands there is judged by what it follows. */
export function readUpTo(lane: Lane, text: string, base: number, to: number): void {
  if (lane.at < base + to) classify(lane, text, base, to);
}

export function endLane(lane: Lane): void {
  endTokens(lane.reader, lane.at);
}

/** Where the window begins that ends here, in the folded text. */
export function windowStart(lane: Lane): number {
  if (lane.held === 0) return tokenStart(lane.reader, lane.at);
  return lane.starts[firstSlot(lane)] ?? 0;
}

/** The same in the text as it came. */
export function windowOrigin(lane: Lane): number {
  return lane.origins[firstSlot(lane)] ?? 0;
}

function firstSlot({ slot, held }: Lane): number {
  return slot < held ? slot - held + WINDOW : slot - held;
}

/** What came so far counts no more: it is dealt with. */
export function clearWindow(lane: Lane): void {
  lane.held = 0;
  lane.sum = 0;
}

function weigh(lane: Lane, count: number): void {
  const { values, map, threshold } = lane;
  const { shows } = batch;
  const isMoved = map.at.length > 0;
  let { sum, held, slot } = lane;
  let next = 0;
  for (let t = 0; t < count; t += 1) {
    let value = 0;
    for (const end = featureEnds[t] ?? 0; next < end; next += 1) {
      value += weights[(features[next] ?? 0) & MASK] ?? 0;
    }
    if (shows && value > 0 && ((marks[t] ?? 0) & SHOWN) !== 0) value >>= SHOWN_HALVES;
    if (lane.hits.length > 0) value += weightOfHits(lane, ends[t] ?? 0);
    if (sum <= 0) held = sum = 0;
    if (held === WINDOW) sum -= values[slot] ?? 0;
    else held += 1;
    sum += value;
    values[slot] = value;
    const start = starts[t] ?? 0;
    lane.starts[slot] = start;
    lane.origins[slot] = isMoved ? toOriginal(map, start) : start;
    slot = slot + 1 === WINDOW ? 0 : slot + 1;
    lane.tokens += 1;
    if (sum < threshold || lane.tokens < TOKENS_MIN) continue;
    keepWindow(lane, sum, held, slot);
    lane.report(ends[t] ?? 0);
    ({ sum, held } = lane);
  }
  keepWindow(lane, sum, held, slot);
}

function keepWindow(lane: Lane, sum: number, held: number, slot: number): void {
  lane.sum = sum;
  lane.held = held;
  lane.slot = slot;
}

/** Of those before `end`, which count once. */
function weightOfHits({ hits }: Lane, end: number): number {
  let value = 0;
  while (hits.length > 0 && (hits[0]?.offset ?? 0) < end) {
    value += weights[(hits.shift()?.feature ?? 0) & MASK] ?? 0;
  }
  return value;
}

let reached = false;
const UNFOLDED: OffsetMap = { at: [], delta: [] };
const noteReached = (): void => {
  reached = true;
};
const quick = openLane(Infinity, UNFOLDED, noteReached);

/** Whether a complete text, without signatures in it, reaches the sum anywhere. */
export function reaches(text: string, threshold: number): boolean {
  if (text.length < CLASSIFIED_UNITS_MIN) return false;
  reached = false;
  reopenLane(quick, threshold, UNFOLDED, noteReached);
  classify(quick, text, 0, text.length);
  endLane(quick);
  return reached;
}
