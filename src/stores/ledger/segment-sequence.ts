import { monotonicMillis } from "../../lib/clock.ts";
import type { LedgerFiles } from "./ledger-files.ts";
import { cutSegment, Segment, type SegmentStart } from "./segment.ts";

/** How often it is asked whether the file still has its name. */
const LOOK_MS = 1_000;

export interface SegmentLimits {
  /** A segment of this size gets no further batch. */
  readonly segmentBytes: number;
  readonly aheadBytes: number;
}

/** The segments of one chain; the last is written, rotated when full, cut when in doubt. */
export class SegmentSequence {
  readonly #files: LedgerFiles;
  readonly #directory: string;
  readonly #limits: SegmentLimits;
  #current: Segment | undefined;
  #seenAt = monotonicMillis();
  /** Opened when there is no current one. */
  #next: SegmentStart;
  /** Its end is in doubt after a failed write: cut before anything else is written. */
  #doubtful: { readonly number: number; readonly length: number } | undefined;

  constructor(files: LedgerFiles, directory: string, start: SegmentStart, limits: SegmentLimits) {
    this.#files = files;
    this.#directory = directory;
    this.#next = start;
    this.#limits = limits;
  }

  /** The segment to write to. Rejects where the disk refuses; asking again tries again. */
  async writable(): Promise<Segment> {
    if (this.#doubtful !== undefined) await this.#cutDoubtful();
    if (this.#current !== undefined && this.#current.length < this.#limits.segmentBytes) {
      return this.#current;
    }
    if (this.#current !== undefined) {
      await this.#current.finish();
      this.#next = emptySegment(this.#current.number + 1);
      this.#current = undefined;
    }
    const { aheadBytes } = this.#limits;
    this.#current = await Segment.open(this.#files, this.#directory, this.#next, aheadBytes);
    return this.#current;
  }

  /** Whether the chain's last file is no more. Asks the disk once a second, at most. */
  async isRemoved(): Promise<boolean> {
    const now = monotonicMillis();
    if (this.#current === undefined || now - this.#seenAt < LOOK_MS) return false;
    this.#seenAt = now;
    return !(await this.#current.isNamed());
  }

  /** Lets go of files that nobody can find any more. */
  async abandon(): Promise<void> {
    await this.#current?.abandon();
    this.#current = undefined;
  }

  /** After a failed write: nobody knows what the current segment holds behind its last record. */
  async doubt(): Promise<void> {
    if (this.#current === undefined) return;
    const { number, length } = this.#current;
    this.#doubtful = { number, length };
    await this.#current.abandon();
    this.#current = undefined;
  }

  /** Leaves the files as they should be found. Rejects where the disk refuses. */
  async finish(): Promise<void> {
    if (this.#doubtful !== undefined) await this.#cutDoubtful();
    await this.#current?.finish();
    this.#current = undefined;
  }

  /**
   * Goes on in a new file: after a failed sync the kernel may have dropped pages of the old one
   * and call them clean. A segment without any record is written anew instead, so that a disk that
   * stays full does not fill with empty files.
   *
   * @see https://wiki.postgresql.org/wiki/Fsync_Errors
   */
  async #cutDoubtful(): Promise<void> {
    if (this.#doubtful === undefined) return;
    const { number, length } = this.#doubtful;
    await cutSegment(this.#files, this.#directory, number, length);
    this.#next = emptySegment(length > 0 ? number + 1 : number);
    this.#doubtful = undefined;
  }
}

function emptySegment(number: number): SegmentStart {
  return { number, length: 0, allocated: 0 };
}
