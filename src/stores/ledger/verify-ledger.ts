/**
 * Proves from the files alone that every chain is whole: no byte, record or segment changed,
 * missing, moved, repeated or put in between. What it cannot see without a head noted elsewhere is
 * a tail that was cut off cleanly, or a chain that is gone.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  beginCheck,
  checkSegment,
  endCheck,
  passTombstone,
  type ChainCheck,
  type Problem,
  type RecordedHead,
  type SignedTree,
} from "./check-chain.ts";
import { chainsOf, segmentAsItIs, segmentsOf } from "./read-ledger.ts";
import { recordedRemovals, removalName } from "./recorded-removals.ts";
import { tombstonesOf } from "./tombstone.ts";
import { hasHole, lineAt } from "./segment-lines.ts";

export interface ChainReport {
  readonly writer: string;
  readonly segments: number;
  readonly records: number;
  /** Of them, how many retention removed. */
  readonly removed: number;
  readonly erasures: number;
  /** Last good record, to be noted outside this machine. Undefined: there is none. */
  readonly head: ChainCheck["head"];
  /** The last record says that the process ended in order. */
  readonly sealed: boolean;
  readonly problems: readonly Problem[];
  /** Problems beyond those listed. */
  readonly problemsOmitted: number;
}

/** Chains one after the other; memory is one segment and a bounded list of problems. */
export async function* verifyLedger(
  directory: string,
  { heads = [], trees = new Map() }: Evidence = {},
): AsyncGenerator<ChainReport> {
  const writers = await chainsOf(directory);
  const removals = await recordedRemovals(directory, writers);
  for (const writer of writers) {
    const check = beginCheck(writer, heads, trees.get(writer) ?? []);
    for (const tombstone of await tombstonesOf(join(directory, writer))) {
      passTombstone(check, tombstone, removals.has(removalName(writer, tombstone)));
    }
    yield await verifyChain(directory, check);
  }
  for (const head of heads) {
    if (!writers.includes(head.writer)) yield missingChain(head.writer, head.seq);
  }
  for (const [writer, signed] of trees) {
    const size = Math.max(...signed.map((tree) => tree.size));
    if (!writers.includes(writer) && size > 0) yield missingChain(writer, size - 1);
  }
}

/** What is known of the ledger beside its records. */
export interface Evidence {
  readonly heads?: readonly RecordedHead[];
  /** By writer. */
  readonly trees?: ReadonlyMap<string, readonly SignedTree[]>;
}

async function verifyChain(directory: string, check: ChainCheck): Promise<ChainReport> {
  const { writer } = check;
  const chain = join(directory, writer);
  const numbers = await segmentsOf(chain);
  const last = numbers.at(-1);
  for (const number of numbers) {
    const isLast = number === last;
    const bytes = await (isLast ? readSettled(chain, number) : segmentAsItIs(chain, number));
    checkSegment(check, number, bytes, isLast);
  }
  endCheck(check);
  const { records, removed, erasures, head, sealed, problems, problemsOmitted } = check;
  const counts = { segments: numbers.length, records, removed, erasures };
  return { writer, ...counts, head, sealed, problems, problemsOmitted };
}

const SETTLE_READS_MAX = 5;
const SETTLE_MS = 20;

/** A live writer's last lines are half there for a moment: what stays torn is torn. */
async function readSettled(chain: string, number: number): Promise<Buffer> {
  let bytes = await segmentAsItIs(chain, number);
  for (let reads = 1; isTorn(bytes) && reads < SETTLE_READS_MAX; reads += 1) {
    await pause(SETTLE_MS);
    bytes = await segmentAsItIs(chain, number);
  }
  return bytes;
}

function isTorn(segment: Buffer): boolean {
  return hasHole(segment) || lineAt(segment, segment.lastIndexOf("\n") + 1).kind === "torn";
}

function missingChain(writer: string, seq: number): ChainReport {
  const detail = "a head of this chain was noted, but the chain is gone";
  return {
    writer,
    segments: 0,
    records: 0,
    removed: 0,
    erasures: 0,
    head: undefined,
    sealed: false,
    problems: [{ kind: "missing_chain", file: writer, line: 0, seq, detail }],
    problemsOmitted: 0,
  };
}
