import { join } from "node:path";
import type { Cut, Entry } from "../../core/ledger/entry.ts";
import { parseEntry } from "../../core/ledger/parse-entry.ts";
import { GENESIS, type ChainHead } from "../../core/ledger/record-chain.ts";
import type { Digest, ExchangeId } from "../../core/units.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import type { LedgerFiles } from "./ledger-files.ts";
import {
  BATCH_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  segmentName,
  segmentNumbers,
} from "./ledger-layout.ts";
import { cutSegment, type SegmentStart } from "./segment.ts";
import { isHashed, lineAt, recordOf, writtenEnd } from "./segment-lines.ts";

/** A crash tears one batch; anything larger behind the last good record is damage. */
const TORN_BYTES_MAX = 2 * BATCH_BYTES_MAX;

/** Where a chain goes on, as its own files tell. */
export type ChainTail = IntactTail | DamagedTail;

export interface IntactTail {
  readonly kind: "intact";
  readonly head: ChainHead;
  /** Length 0: the segment is new, whether or not its file exists. */
  readonly segment: SegmentStart;
  readonly open: Map<ExchangeId, Digest>;
  /** What a crash had left behind the last good record, now removed. */
  readonly cut: Cut | undefined;
  /** The last process ended in order. */
  readonly sealed: boolean;
}

/** Records are wrong where no crash can have made them so. Left as it is: it is evidence. */
export interface DamagedTail {
  readonly kind: "damaged";
  readonly number: number;
  readonly offset: number;
}

/**
 * Reads the last segment only: its first record names the intents that were open before it. Cuts a
 * torn tail off. The caller holds the writer's lock.
 */
export async function recoverChain(files: LedgerFiles, directory: string): Promise<ChainTail> {
  const numbers = segmentNumbers(await files.list(directory));
  const last = numbers.at(-1);
  if (last === undefined) return newChain({ number: 1, length: 0, allocated: 0 }, undefined);

  const tail = await readTail(files, directory, last);
  if (tail.kind === "damaged") return tail;
  const { length, cut } = tail;
  if (cut !== undefined) await cutSegment(files, directory, last, length);
  const segment = { number: last, length, allocated: cut === undefined ? tail.size : length };
  if (length > 0) return { ...tail.state, kind: "intact", segment, cut };

  // The crash came at the segment's birth: the chain's state is that of the segment before.
  const before = numbers.at(-2);
  if (before === undefined) {
    return last === 1 ? newChain(segment, cut) : { kind: "damaged", number: last, offset: 0 };
  }
  const previous = await readTail(files, directory, before);
  if (previous.kind === "damaged") return previous;
  if (previous.length !== previous.size || previous.length === 0) {
    return { kind: "damaged", number: before, offset: previous.length };
  }
  return { ...previous.state, kind: "intact", segment, cut, sealed: false };
}

function newChain(segment: SegmentStart, cut: Cut | undefined): IntactTail {
  return { ...newState(), kind: "intact", segment, cut };
}

/** What the records of a segment add up to. */
interface ChainState {
  head: ChainHead;
  readonly open: Map<ExchangeId, Digest>;
  sealed: boolean;
}

function newState(): ChainState {
  return { head: { seq: 0, prev: GENESIS }, open: new Map(), sealed: false };
}

interface SegmentTail {
  readonly kind: "read";
  readonly state: ChainState;
  /** Bytes of good records, and of the file. */
  readonly length: number;
  readonly size: number;
  readonly cut: Cut | undefined;
}

async function readTail(
  files: LedgerFiles,
  directory: string,
  number: number,
): Promise<SegmentTail | DamagedTail> {
  const path = join(directory, segmentName(number));
  const size = await files.size(path);
  if (size > SEGMENT_BYTES_MAX) return { kind: "damaged", number, offset: 0 };
  const bytes = await files.read(path);
  const state = newState();
  let length = 0;
  for (;;) {
    const at = lineAt(bytes, length);
    if (at.kind === "end") return { kind: "read", state, length, size, cut: undefined };
    if (at.kind !== "line" || !isHashed(at.line)) break;
    const entry = parseEntry(recordOf(at.line));
    if (entry === undefined || !follows(entry, state.head, length === 0 ? number : undefined)) {
      return { kind: "damaged", number, offset: length };
    }
    state.head = { seq: entry.seq + 1, prev: at.line.hash };
    apply(entry, at.line.hash, state);
    length = at.line.end;
  }
  const torn = bytes.subarray(length, writtenEnd(bytes));
  if (torn.length > TORN_BYTES_MAX) return { kind: "damaged", number, offset: length };
  const cut = { number, offset: length, bytes: torn.length, sha256: sha256Hex<Digest>(torn) };
  return { kind: "read", state, length, size, cut };
}

/** `opens` is the number of the segment whose first record this is: it must say so itself. */
function follows(entry: Entry, head: ChainHead, opens: number | undefined): boolean {
  if (opens !== undefined) return entry.kind === "segment" && entry.number === opens;
  return entry.seq === head.seq && entry.prev === head.prev;
}

function apply(entry: Entry, hash: Digest, state: ChainState): void {
  state.sealed = entry.kind === "seal";
  if (entry.kind === "intent") state.open.set(entry.exchange, hash);
  if (entry.kind === "outcome") state.open.delete(entry.exchange);
  if (entry.kind !== "segment") return;
  for (const { exchange, intent } of entry.open) state.open.set(exchange, intent);
}
