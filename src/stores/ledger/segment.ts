import { join } from "node:path";
import { monotonicMillis } from "../../lib/clock.ts";
import type { LedgerFile } from "./ledger-file.ts";
import type { LedgerFiles } from "./ledger-files.ts";
import { BLOCK_BYTES, segmentName, wholeBlocks } from "./ledger-layout.ts";

/** A disk whose last write took no longer may be waited for where nobody else has to. */
const QUICK_MS = 2;

/** Of `aheadBytes`: what a segment that has grown gets at once. */
const AHEAD_GROWTH = 4;

/**
 * The file that a chain grows in. Space ahead of the records is filled with zeros beside the
 * commits; zeros after the last line mean "not written yet" and are cut when the segment closes.
 */
export class Segment {
  readonly number: number;
  readonly #file: LedgerFile;
  /** So many zeros are written ahead at once, at least: whole blocks. */
  readonly #aheadBytes: number;
  /** Bytes of records that are on the disk. */
  #length: number;
  /** Where the last whole block of zeros ends. */
  #allocated: number;
  #growing: Promise<void> | undefined;
  /** The last write, in milliseconds. */
  #tookMs = Number.POSITIVE_INFINITY;
  #mayGrow = true;

  private constructor(file: LedgerFile, at: SegmentStart, aheadBytes: number) {
    this.number = at.number;
    this.#file = file;
    this.#length = at.length;
    this.#allocated = at.allocated - (at.allocated % BLOCK_BYTES);
    this.#aheadBytes = wholeBlocks(aheadBytes);
  }

  static async open(
    files: LedgerFiles,
    directory: string,
    start: SegmentStart,
    aheadBytes: number,
  ): Promise<Segment> {
    const file = await files.open(join(directory, segmentName(start.number)));
    try {
      await files.syncDirectory(directory);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Segment(file, start, aheadBytes);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Resolves when the bytes are durable. After a rejection the rest of the file is in doubt. A write
   * through the thread pool takes three times as long as one that the event loop waits for: it waits
   * where one call `isAlone`, so that nobody else is held up, and the disk is quick.
   */
  async append(bytes: Uint8Array, isAlone: boolean): Promise<void> {
    const begun = monotonicMillis();
    const isWritten = isAlone && this.#tookMs < QUICK_MS && this.#appendNow(bytes);
    if (!isWritten) await this.#appendLater(bytes);
    this.#tookMs = monotonicMillis() - begun;
  }

  async #appendLater(bytes: Uint8Array): Promise<void> {
    const end = this.#length + bytes.length;
    if (end > this.#allocated && this.#growing !== undefined) await this.#growing;
    await this.#file.write(bytes, this.#length);
    this.#length = end;
    if (end > this.#allocated) this.#allocated = wholeBlocks(end);
    if (this.#mayGrow && this.#growing === undefined && this.#isNearlyFull()) {
      this.#growing = this.#grow();
    }
  }

  /** False, and nothing done, where there is no space ahead, or its making would be waited for. */
  #appendNow(bytes: Uint8Array): boolean {
    const end = this.#length + bytes.length;
    if (end > this.#allocated || this.#growing !== undefined || this.#isNearlyFull()) return false;
    this.#file.writeNow(bytes, this.#length);
    this.#length = end;
    return true;
  }

  /** False once somebody removed it. */
  isNamed(): Promise<boolean> {
    return this.#file.isNamed();
  }

  /** Cuts the zeros behind the last record and lets go of the file. */
  async finish(): Promise<void> {
    await this.#growing;
    await this.#file.truncate(this.#length);
    await this.abandon();
  }

  /** Lets go of the file as it is. What was written is durable already, so no error matters. */
  async abandon(): Promise<void> {
    await this.#growing;
    await this.#file.close().catch(() => {});
  }

  #isNearlyFull(): boolean {
    return this.#allocated - this.#length < this.#aheadBytes / 2;
  }

  /**
   * By as much again as there is: each time costs about as much, whatever it writes. Best effort:
   * without zeros ahead a commit is slower, not less durable.
   */
  async #grow(): Promise<void> {
    const [from, least] = [this.#allocated, this.#aheadBytes];
    const bytes = Math.min(Math.max(least, from), AHEAD_GROWTH * least);
    try {
      await this.#file.zero(from, bytes);
      this.#allocated = from + bytes;
    } catch {
      // The next append writes over what came of it, and hears of a full disk itself.
      this.#mayGrow = false;
    } finally {
      this.#growing = undefined;
    }
  }
}

export interface SegmentStart {
  readonly number: number;
  /** Bytes of records in it. */
  readonly length: number;
  /** Its size: records and the zeros behind them. */
  readonly allocated: number;
}

/** Removes what a failed write or a crash left behind the last good record. */
export async function cutSegment(
  files: LedgerFiles,
  directory: string,
  number: number,
  length: number,
): Promise<void> {
  const file = await files.open(join(directory, segmentName(number)));
  try {
    await file.truncate(length);
  } finally {
    await file.close();
  }
}
