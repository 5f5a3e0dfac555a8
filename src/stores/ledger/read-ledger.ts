/** The ledger as it is read: streamed segment by segment, so memory does not grow with it. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { IntentEntry, OutcomeEntry } from "../../core/ledger/entry.ts";
import type { Digest, Instant } from "../../core/units.ts";
import { writersIn } from "./adopt-chain.ts";
import { diskFiles } from "./ledger-files.ts";
import { SEGMENT_BYTES_MAX, segmentName, segmentNumbers } from "./ledger-layout.ts";
import { tombstonesOf, type Tombstone } from "./tombstone.ts";
import { readLine, type ReadEntry } from "./read-line.ts";
import { hasHole, lineAt, settledEnd, type SegmentLine } from "./segment-lines.ts";

export interface ReadRange {
  /** Leaves out what was recorded before. */
  readonly from?: Instant;
  /** Ends after so many entries. */
  readonly limit?: number;
}

/** What the ledger knows of one exchange. */
export interface ExchangeRecord {
  readonly intent: ReadEntry<IntentEntry> | undefined;
  readonly outcome: ReadEntry<OutcomeEntry> | undefined;
}

/** Chain by chain, each in its own order. `directory` is `<data>/ledger`. */
export async function* readEntries(
  directory: string,
  { from, limit = Number.POSITIVE_INFINITY }: ReadRange = {},
): AsyncGenerator<ReadEntry> {
  let left = limit;
  for (const writer of await chainsOf(directory)) {
    const chain = join(directory, writer);
    for (const number of await segmentsSince(chain, from)) {
      for (const line of linesOf(await readSegment(chain, number), 0)) {
        if (left <= 0) return;
        const read = readLine(line);
        if (read === undefined || (from !== undefined && read.entry.at < from)) continue;
        left -= 1;
        yield read;
      }
    }
  }
}

/** The last `count` entries of all chains together, oldest first. */
export async function readLast(directory: string, count: number): Promise<ReadEntry[]> {
  if (count === 0) return [];
  const chains: ReadEntry[][] = [];
  for (const writer of await chainsOf(directory)) {
    const chain = join(directory, writer);
    let found: ReadEntry[] = [];
    for (const number of (await segmentsOf(chain)).toReversed()) {
      const lines = [...linesOf(await readSegment(chain, number), 0)];
      const wanted = lines.slice(-(count - found.length)).flatMap((line) => readLine(line) ?? []);
      found = [...wanted, ...found];
      if (found.length >= count) break;
    }
    chains.push(found);
  }
  return mergeChains(chains).slice(-count);
}

/** Newest segments first: what is looked for is mostly young. Undefined: nobody recorded it. */
export async function findExchange(
  directory: string,
  exchange: string,
): Promise<ExchangeRecord | undefined> {
  const needle = Buffer.from(`"exchange":${JSON.stringify(exchange)}`);
  for (const writer of await chainsOf(directory)) {
    const chain = join(directory, writer);
    let outcome: ReadEntry<OutcomeEntry> | undefined;
    for (const number of (await segmentsOf(chain)).toReversed()) {
      const found = exchangeIn(await readSegment(chain, number), needle);
      outcome ??= found.outcome;
      if (found.intent !== undefined) return { intent: found.intent, outcome };
      if (outcome !== undefined && outcome.entry.intent === undefined) {
        return { intent: undefined, outcome };
      }
    }
    if (outcome !== undefined) return { intent: undefined, outcome };
  }
  return undefined;
}

/** Hashes of the records `from` to `to` (exclusive) of one chain, as their lines state them. */
export async function* hashesOf(chain: string, from: number, to: number): AsyncGenerator<Digest> {
  yield* buriedHashes(await tombstonesOf(chain), from, to);
  for (const number of await segmentsFrom(chain, from)) {
    let seq: number | undefined;
    for (const line of linesOf(await readSegment(chain, number), 0)) {
      seq = seq === undefined ? readLine(line)?.entry.seq : seq + 1;
      if (seq === undefined || seq >= to) return;
      if (seq >= from) yield line.hash;
    }
  }
}

function* buriedHashes(
  tombstones: readonly Tombstone[],
  from: number,
  to: number,
): Generator<Digest> {
  for (const { firstSeq, hashes } of tombstones) {
    yield* hashes.slice(Math.max(0, from - firstSeq), Math.max(0, to - firstSeq));
  }
}

/** The segments from the one on that holds record `seq`. */
async function segmentsFrom(chain: string, seq: number): Promise<readonly number[]> {
  const numbers = await segmentsOf(chain);
  for (let index = numbers.length - 1; index > 0; index -= 1) {
    const first = linesOf(await readSegment(chain, numbers[index] ?? 0), 0).next();
    const begins = first.done === true ? undefined : readLine(first.value)?.entry.seq;
    if (begins !== undefined && begins <= seq) return numbers.slice(index);
  }
  return numbers;
}

/** Writers' ids, oldest first. */
export async function chainsOf(directory: string): Promise<readonly string[]> {
  return (await writersIn(diskFiles, directory)).toReversed();
}

export async function segmentsOf(chain: string): Promise<readonly number[]> {
  return segmentNumbers(await diskFiles.list(chain));
}

/** The bytes of a segment from `offset` on, without those of a commit that is on its way. */
export async function readSegment(chain: string, number: number, offset = 0): Promise<Buffer> {
  const bytes = await segmentAsItIs(chain, number, offset);
  if (!hasHole(bytes)) return bytes;
  const isGrowing = (await segmentsOf(chain)).at(-1) === number;
  if (isGrowing) return bytes.subarray(0, settledEnd(bytes));
  return segmentAsItIs(chain, number, offset);
}

/** Rejects what is too large to be a segment. */
export async function segmentAsItIs(chain: string, number: number, offset = 0): Promise<Buffer> {
  const path = join(chain, segmentName(number));
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > SEGMENT_BYTES_MAX) throw new Error(`${path} is too large to be a segment`);
    const bytes = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The lines of the right form; others are passed over. */
export function* linesOf(segment: Buffer, from: number): Generator<SegmentLine> {
  let offset = from;
  for (;;) {
    const at = lineAt(segment, offset);
    if (at.kind === "end" || at.kind === "torn") return;
    if (at.kind === "line") yield at.line;
    offset = at.kind === "line" ? at.line.end : at.end;
  }
}

/** Several chains as one account by time, each in its own order even where the clock jumped. */
export function mergeChains(chains: readonly (readonly ReadEntry[])[]): ReadEntry[] {
  const timed = chains.flatMap((chain) => {
    let latest = 0;
    return chain.map((read) => {
      latest = Math.max(latest, read.entry.at);
      return { read, latest };
    });
  });
  return timed.toSorted((a, b) => a.latest - b.latest).map(({ read }) => read);
}

function exchangeIn(segment: Buffer, needle: Buffer): ExchangeRecord {
  let intent: ReadEntry<IntentEntry> | undefined;
  let outcome: ReadEntry<OutcomeEntry> | undefined;
  for (let at = segment.indexOf(needle); at !== -1; at = segment.indexOf(needle, at + 1)) {
    const found = lineAt(segment, segment.lastIndexOf("\n", at) + 1);
    const read = found.kind === "line" ? readLine(found.line) : undefined;
    if (read === undefined) continue;
    const { entry, hash, record } = read;
    if (entry.kind === "intent") intent = { entry, hash, record };
    if (entry.kind === "outcome") outcome = { entry, hash, record };
  }
  return { intent, outcome };
}

/** Segments that may hold a record of `from` or later: each begins with the time it was begun. */
async function segmentsSince(chain: string, from: Instant | undefined): Promise<readonly number[]> {
  const numbers = await segmentsOf(chain);
  if (from === undefined) return numbers;
  for (let index = numbers.length - 1; index > 0; index -= 1) {
    const begun = await begunAt(chain, numbers[index] ?? 0);
    if (begun !== undefined && begun < from) return numbers.slice(index);
  }
  return numbers;
}

const SEGMENT_BEGINS = /^\{"hash":"[0-9a-f]{64}","record":\{"at":(\d{1,16}),/u;
const SEGMENT_BEGINS_BYTES = 128;

async function begunAt(chain: string, number: number): Promise<number | undefined> {
  const file = await open(join(chain, segmentName(number)));
  try {
    const bytes = Buffer.alloc(SEGMENT_BEGINS_BYTES);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    const digits = SEGMENT_BEGINS.exec(bytes.toString("latin1", 0, bytesRead))?.[1];
    return digits === undefined ? undefined : Number(digits);
  } finally {
    await file.close();
  }
}
