import type { Digest, ExchangeId, Instant } from "../../core/units.ts";
import { bootBody, recoveredBody, resumedBody } from "../../core/ledger/record-chain-event.ts";
import { OPEN_INTENTS_MAX, sealBody, segmentBody } from "../../core/ledger/record-chain-event.ts";
import { unknownBody } from "../../core/ledger/record-exchange.ts";
import type { ChainHead } from "../../core/ledger/record-chain.ts";
import { codeOf } from "../../lib/caught.ts";
import type { AdoptedChain } from "./adopt-chain.ts";
import { BatchBytes } from "./batch-bytes.ts";
import { Gather } from "../gather.ts";
import type { LedgerEvent } from "./ledger-event.ts";
import { type LedgerFiles } from "./ledger-files.ts";
import {
  chainBatch,
  nobodyWaits,
  note,
  openedBy,
  prelude,
  PendingRecords,
  type Batch,
  type PendingRecord,
} from "./pending-records.ts";
import { BATCH_BYTES_MAX } from "./ledger-layout.ts";
import type { Segment } from "./segment.ts";
import { SegmentSequence, type SegmentLimits } from "./segment-sequence.ts";

/** How long an outcome may wait for an intent to travel with. */
const OUTCOME_DELAY_MS = 20;

/** Between two tries to write outcomes to a disk that refuses; intents try at once. */
const RETRY_MS = 500;

/** A disk that takes longer is treated as one that refuses. */
const COMMIT_TIMEOUT_MS = 5000;

/** Bodies held in memory while nothing can be written; past it, intents are refused unseen. */
export const PENDING_BYTES_MAX = 16 * 1024 * 1024;

export interface ChainWriterOptions {
  readonly files: LedgerFiles;
  /** Finds the chain to write; asked again after it failed. */
  readonly adopt: () => Promise<AdoptedChain>;
  readonly now: () => Instant;
  readonly report: (event: LedgerEvent) => void;
  readonly limits: SegmentLimits;
  /** Told of records as they become durable: the first one's place, and the hash of each. */
  readonly witness: (writer: string, from: number, hashes: readonly Digest[]) => void;
}

interface Outage {
  readonly cause: string;
  intentsRefused: number;
  outcomesLost: number;
}

interface WrittenChain {
  readonly adopted: AdoptedChain;
  readonly segments: SegmentSequence;
  /** Intents on the disk without an outcome there. */
  readonly open: Map<ExchangeId, Digest>;
  /** One write at a time is on its way, so its bytes stay as they are. */
  readonly bytes: BatchBytes;
  head: ChainHead;
}

/**
 * Owns one chain on disk. Group commit: one write is in flight at a time, whatever comes meanwhile
 * travels with the next. What is not durable has no place in the chain yet, so a failed write
 * costs its intents and nothing else.
 */
export class ChainWriter {
  readonly #options: ChainWriterOptions;
  readonly #pending = new PendingRecords();
  #chain: WrittenChain | undefined;
  #outage: Outage | undefined;
  #stalled = false;
  #closed = false;
  readonly #gather = new Gather(() => this.#begin());
  /** Somebody was ready while the last commit was on its way. */
  #ready = false;
  #later: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: ChainWriterOptions) {
    this.#options = options;
  }

  get healthy(): boolean {
    return this.#outage === undefined && !this.#stalled && !this.#closed;
  }

  /** Adds a record to the next commit; `settle` is told at once where there is no room for it. */
  add(record: PendingRecord): void {
    if (!this.#hasRoomFor(record)) {
      this.#turnAway(record);
      return;
    }
    this.#pending.add(record);
    if (this.#stalled) record.settle(undefined);
    const open = (this.#chain?.open.size ?? 0) + this.#pending.opened;
    if (record.prompt) this.#gather.more(open <= 1);
    else if (this.#working === undefined)
      this.#later ??= setTimeout(() => void this.#work(), OUTCOME_DELAY_MS);
  }

  /** Tries once to make durable what was added until now. */
  async flush(): Promise<void> {
    await this.#working;
    await this.#work();
  }

  /** Writes the last record and lets go of the chain. What cannot be written now is given up. */
  async seal(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush();
    if (this.#chain !== undefined && this.#outage === undefined) {
      this.#pending.add(note(sealBody(this.#chain.open.size, this.#options.now())));
      await this.flush();
    }
    await this.#chain?.segments.finish().catch(this.#unavailable);
    this.#chain?.adopted.lock.release();
  }

  /** The outcome of an intent always has room: `OPEN_INTENTS_MAX` bounds them. */
  #hasRoomFor({ kind, exchange }: PendingRecord): boolean {
    if (this.#closed) return false;
    const open = this.#chain?.open;
    if (kind === "outcome" && exchange !== undefined && open?.has(exchange) === true) return true;
    if (this.#pending.bytes >= PENDING_BYTES_MAX) return false;
    if (kind !== "intent") return true;
    return !this.#stalled && (open?.size ?? 0) + this.#pending.length < OPEN_INTENTS_MAX;
  }

  #turnAway(record: PendingRecord): void {
    if (this.#outage !== undefined) {
      if (record.kind === "intent") this.#outage.intentsRefused += 1;
      else this.#outage.outcomesLost += 1;
    }
    record.settle(undefined);
  }

  #begin(): void {
    if (this.#working === undefined) void this.#work();
    else this.#ready = true;
  }

  #work(): Promise<void> {
    this.#working ??= this.#commitAll();
    return this.#working;
  }

  async #commitAll(): Promise<void> {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#ready = false;
    this.#gather.stop();
    do await this.#commit();
    while (this.#isFull);
    this.#working = undefined;
    if (this.#ready) this.#gather.soon();
    if (this.#closed) return;
    if (this.#outage !== undefined) {
      this.#later = setTimeout(() => void this.#work(), RETRY_MS);
    } else if (this.#pending.length > 0) {
      this.#later = setTimeout(() => void this.#work(), OUTCOME_DELAY_MS);
    }
  }

  /** Outcomes nobody waits for travel with the next intent, unless they are many or the last. */
  get #isFull(): boolean {
    if (this.#pending.length === 0 || this.#outage !== undefined) return false;
    return this.#closed || this.#pending.bytes >= BATCH_BYTES_MAX;
  }

  async #commit(): Promise<void> {
    let batch: Batch | undefined;
    const watchdog = setTimeout(() => this.#stall(batch), COMMIT_TIMEOUT_MS);
    try {
      if (await this.#chain?.segments.isRemoved()) await this.#letGo();
      const chain = this.#chain ?? this.#takeOver(await this.#options.adopt());
      const segment = await chain.segments.writable();
      batch = this.#nextBatch(chain, segment);
      const isAlone = chain.open.size + openedBy(batch.records) <= 1;
      if (batch.records.length > 0) await segment.append(batch.bytes, isAlone);
      this.#accept(chain, batch);
    } catch (error) {
      await this.#fail(error, batch);
    } finally {
      clearTimeout(watchdog);
      this.#stalled = false;
    }
  }

  /** Somebody removed the chain under the writer: it cannot be mended, and a new one begins. */
  async #letGo(): Promise<void> {
    const chain = this.#chain;
    if (chain === undefined) return;
    this.#chain = undefined;
    chain.adopted.lock.release();
    await chain.segments.abandon();
    this.#options.report({ kind: "removed", writer: chain.adopted.writer, open: chain.open.size });
  }

  /** The first records of a process in its chain: what it found, and outcomes nobody else knows. */
  #takeOver(adopted: AdoptedChain): WrittenChain {
    const { directory, tail, abandoned, writer } = adopted;
    const { files, limits, report } = this.#options;
    const segments = new SegmentSequence(files, directory, tail.segment, limits);
    const at = this.#options.now();
    const found = [note(bootBody(abandoned, at))];
    if (tail.cut !== undefined) found.push(note(recoveredBody(tail.cut, at)));
    for (const [exchange, intent] of tail.open) {
      const body = unknownBody(exchange, intent, at);
      found.push({ kind: "outcome", body, exchange, prompt: false, settle: nobodyWaits });
    }
    this.#pending.addFirst(found);
    const cutBytes = tail.cut?.bytes ?? 0;
    const orphans = tail.open.size;
    report({ kind: "adopted", writer, orphans, cutBytes, abandoned: abandoned.length });
    const bytes = new BatchBytes(writer);
    this.#chain = { adopted, segments, open: tail.open, bytes, head: tail.head };
    return this.#chain;
  }

  #nextBatch(chain: WrittenChain, segment: Segment): Batch {
    const records = this.#pending.takeBatch();
    const at = this.#options.now();
    if (this.#outage !== undefined) records.unshift(prelude(resumedBody(this.#outage, at)));
    if (segment.length === 0) {
      const open = Array.from(chain.open, ([exchange, intent]) => ({ exchange, intent }));
      records.unshift(prelude(segmentBody(segment.number, open, at)));
    }
    return chainBatch(records, chain.head, chain.bytes);
  }

  #accept(chain: WrittenChain, batch: Batch): void {
    this.#options.witness(chain.adopted.writer, chain.head.seq, batch.hashes);
    chain.head = batch.head;
    for (const [index, record] of batch.records.entries()) {
      const { kind, exchange, settle } = record;
      const hash = batch.hashes[index];
      if (exchange !== undefined && hash !== undefined) {
        if (kind === "intent") chain.open.set(exchange, hash);
        else chain.open.delete(exchange);
      }
      settle(hash);
    }
    const endsOutage = batch.records.some(({ kind }) => kind === "prelude");
    if (this.#outage === undefined || !endsOutage) return;
    const { intentsRefused, outcomesLost } = this.#outage;
    this.#outage = undefined;
    this.#options.report({ kind: "resumed", intentsRefused, outcomesLost });
  }

  /** Intents are given up, since somebody waits for them; everything else is tried again. */
  async #fail(error: unknown, batch: Batch | undefined): Promise<void> {
    this.#unavailable(error);
    const intents = this.#pending.takeIntents();
    const kept: PendingRecord[] = [];
    for (const record of batch?.records ?? []) {
      if (record.kind === "intent") intents.push(record);
      else if (record.kind !== "prelude") kept.push(record);
    }
    this.#pending.addFirst(kept);
    this.#pending.tellOutcomes();
    for (const intent of intents) this.#turnAway(intent);
    await this.#chain?.segments.doubt();
  }

  /** The disk neither takes nor refuses: nobody shall wait for it. */
  #stall(batch: Batch | undefined): void {
    this.#stalled = true;
    this.#unavailable(new Error(`the disk took longer than ${COMMIT_TIMEOUT_MS} ms`));
    this.#pending.tellOutcomes();
    for (const intent of this.#pending.takeIntents()) this.#turnAway(intent);
    for (const record of batch?.records ?? []) {
      if (record.kind === "intent") this.#turnAway(record);
      else record.settle(undefined);
    }
  }

  readonly #unavailable = (cause: unknown): void => {
    if (this.#outage !== undefined) return;
    this.#outage = { cause: codeOf(cause), intentsRefused: 0, outcomesLost: 0 };
    this.#options.report({ kind: "unavailable", cause });
  };
}
