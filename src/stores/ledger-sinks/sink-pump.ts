/** Brings the ledger to one sink: in the order of each chain, at least once, from a durable cursor. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { RecordFacts } from "../../core/ledger/ledger-index.ts";
import { factsInOrder } from "../../core/ledger/record-facts.ts";
import type { ShippedRecord } from "../../core/ledger/shipped-record.ts";
import { messageOf } from "../../lib/caught.ts";
import { wallMillis } from "../../lib/clock.ts";
import { chainsOf, linesOf, readSegment } from "../ledger/read-ledger.ts";
import { readLine } from "../ledger/read-line.ts";
import { CHAIN_START, readOnward, type ChainPosition } from "../ledger/read-onward.ts";
import { openSink } from "./open-sink.ts";
import { readCursor, writeCursor, type SinkCursor } from "./sink-cursor.ts";
import type { Sink, SinkPlan, SinkState } from "./sink-plan.ts";

const LOOK_MS = 250;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;

export interface PumpPlace {
  /** `<data>/ledger`. */
  readonly ledger: string;
  readonly cursorFile: string;
}

/** Holds one window of one chain in memory; what waits, waits in the segments. */
export class SinkPump implements AsyncDisposable {
  readonly #plan: SinkPlan;
  readonly #place: PumpPlace;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** By writer: intents whose outcomes were not read yet. */
  readonly #intents = new Map<string, Map<string, RecordFacts>>();
  #sink: Sink | undefined;
  #cursor: SinkCursor | undefined;
  #delivered = 0;
  #completeAt = wallMillis();
  #failing: string | undefined;

  constructor(plan: SinkPlan, place: PumpPlace) {
    this.#plan = plan;
    this.#place = place;
    this.#running = this.#run();
  }

  get state(): SinkState {
    const behind = Math.max(0, wallMillis() - this.#completeAt - LOOK_MS);
    const { name } = this.#plan;
    return { name, delivered: this.#delivered, behind, failing: this.#failing };
  }

  /** Ends after the delivery that is under way, and a last look at what was written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#round().catch(() => undefined);
    await this.#sink?.[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    let retry = RETRY_MS_MIN;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#round();
        retry = RETRY_MS_MIN;
        await this.#rest(LOOK_MS);
      } catch (error) {
        this.#failing = messageOf(error);
        await this.#rest(retry);
        retry = Math.min(retry * 2, RETRY_MS_MAX);
      }
    }
  }

  /** Every chain to its end, as it was when the round began. */
  async #round(): Promise<void> {
    const begun = wallMillis();
    const cursor = (this.#cursor ??= await readCursor(this.#place.cursorFile));
    for (const writer of await chainsOf(this.#place.ledger)) {
      while (await this.#piece(writer, cursor)) if (this.#stop.signal.aborted) return;
    }
    this.#completeAt = begun;
    this.#failing = undefined;
  }

  /** False at the end of the chain. */
  async #piece(writer: string, cursor: SinkCursor): Promise<boolean> {
    const from = cursor.get(writer) ?? CHAIN_START;
    const intents = this.#intents.get(writer) ?? (await this.#intentsBefore(writer, from));
    const { records, position } = await readOnward(this.#place.ledger, writer, from);
    if (records.length === 0) return false;
    // Read again if it is not taken: the facts stay with the copy until it is.
    const pending = new Map(intents);
    const all = records.map((read) => ({ ...read, facts: factsInOrder(pending, read.entry) }));
    await this.#deliver(all);
    this.#intents.set(writer, pending);
    cursor.set(writer, position);
    await writeCursor(this.#place.cursorFile, cursor);
    return true;
  }

  async #deliver(all: readonly ShippedRecord[]): Promise<void> {
    const { kinds } = this.#plan;
    const wanted = kinds.length === 0 ? all : all.filter(({ entry }) => kinds.includes(entry.kind));
    if (wanted.length === 0) return;
    this.#sink ??= await openSink(this.#plan);
    await this.#sink.deliver(wanted);
    this.#delivered += wanted.length;
  }

  /** After a start: what outcomes of this segment are going to need was asked before the cursor. */
  async #intentsBefore(
    writer: string,
    { number, offset }: ChainPosition,
  ): Promise<Map<string, RecordFacts>> {
    const intents = new Map<string, RecordFacts>();
    if (offset === 0) return intents;
    const segment = await readSegment(join(this.#place.ledger, writer), number);
    for (const line of linesOf(segment.subarray(0, offset), 0)) {
      const entry = readLine(line)?.entry;
      if (entry !== undefined) factsInOrder(intents, entry);
    }
    return intents;
  }

  async #rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
