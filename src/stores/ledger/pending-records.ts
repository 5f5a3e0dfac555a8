import type { ChainHead } from "../../core/ledger/record-chain.ts";
import type { Digest, ExchangeId } from "../../core/units.ts";
import type { BatchBytes } from "./batch-bytes.ts";
import { BATCH_BYTES_MAX } from "./ledger-layout.ts";

/** A record that waits for its place in the chain: seq, prev and hash come with the commit. */
export interface PendingRecord {
  readonly kind: "intent" | "outcome" | "note" | "prelude";
  /** As `BatchBytes` takes it. */
  readonly body: string;
  /** Of intents and outcomes. */
  readonly exchange: ExchangeId | undefined;
  /** An agent waits for it: its commit begins at once. */
  readonly prompt: boolean;
  /**
   * Told the hash once it is durable, and `undefined` when it could not be written: an intent is
   * then given up, an outcome kept and tried again. What is told later is heard by nobody.
   */
  readonly settle: (hash: Digest | undefined) => void;
}

export function note(body: string): PendingRecord {
  return { kind: "note", body, exchange: undefined, prompt: false, settle: nobodyWaits };
}

/** A record that one batch begins with; made anew if that batch fails. */
export function prelude(body: string): PendingRecord {
  return { kind: "prelude", body, exchange: undefined, prompt: false, settle: nobodyWaits };
}

export function nobodyWaits(): void {
  // Notes and recovered outcomes are written for the reader only.
}

/** Records chained one to the next, ready for one write. */
export interface Batch {
  readonly records: readonly PendingRecord[];
  readonly hashes: readonly Digest[];
  /** Their lines; the next batch stands in the same place. */
  readonly bytes: Uint8Array;
  /** Where the chain stands once the batch is durable. */
  readonly head: ChainHead;
}

export function chainBatch(
  records: readonly PendingRecord[],
  head: ChainHead,
  bytes: BatchBytes,
): Batch {
  let units = 0;
  for (const { body } of records) units += body.length;
  bytes.begin(records.length, units);
  const hashes: Digest[] = [];
  let { seq, prev } = head;
  for (const { body } of records) {
    prev = bytes.add(body, { seq, prev });
    hashes.push(prev);
    seq += 1;
  }
  return { records, hashes, bytes: bytes.written, head: { seq, prev } };
}

/** By how many it makes the open exchanges more, or fewer. */
export function openedBy(records: readonly PendingRecord[]): number {
  let opened = 0;
  for (const record of records) opened += opens(record);
  return opened;
}

/** An outcome that somebody waits for is a refusal's, which had no intent. */
function opens({ kind, prompt }: PendingRecord): -1 | 0 | 1 {
  if (kind === "intent") return 1;
  return kind === "outcome" && !prompt ? -1 : 0;
}

/** Records in the order they came, with the bytes they hold in memory. */
export class PendingRecords {
  #records: PendingRecord[] = [];
  #bytes = 0;
  #opened = 0;

  get length(): number {
    return this.#records.length;
  }

  /** UTF-16 units of all bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By how many they make the open exchanges more, or fewer. */
  get opened(): number {
    return this.#opened;
  }

  add(record: PendingRecord): void {
    this.#records.push(record);
    this.#count(record, 1);
  }

  /** Puts records before all others: what must come first, or is to be tried again. */
  addFirst(records: readonly PendingRecord[]): void {
    this.#records.unshift(...records);
    for (const record of records) this.#count(record, 1);
  }

  /** The records of the next commit: at least one if there is any. */
  takeBatch(): PendingRecord[] {
    let count = 0;
    let bytes = 0;
    for (const record of this.#records) {
      bytes += record.body.length;
      if (count > 0 && bytes > BATCH_BYTES_MAX) break;
      count += 1;
    }
    return this.#uncounted(this.#records.splice(0, count));
  }

  takeIntents(): PendingRecord[] {
    const intents = this.#records.filter(({ kind }) => kind === "intent");
    if (intents.length > 0) this.#records = this.#records.filter(({ kind }) => kind !== "intent");
    return this.#uncounted(intents);
  }

  /** Outcomes are kept until they are written; those who wait for them need not wait as long. */
  tellOutcomes(): void {
    for (const { kind, settle } of this.#records) if (kind === "outcome") settle(undefined);
  }

  #uncounted(records: PendingRecord[]): PendingRecord[] {
    for (const record of records) this.#count(record, -1);
    return records;
  }

  #count(record: PendingRecord, sign: 1 | -1): void {
    this.#bytes += sign * record.body.length;
    this.#opened += sign * opens(record);
  }
}
