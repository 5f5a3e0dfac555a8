/** Room for the commits of a crowd. Larger ones get a buffer of their own. */
const KEPT_BYTES = 512 * 1024;
/** A UTF-16 unit takes at most so many in UTF-8. */
const BYTES_PER_UNIT = 3;

/**
 * The bytes of one commit after the other, in the same place: a new buffer for each had to be
 * allocated outside the heap, filled with pages and swept, an eighth of what a commit cost.
 */
export class BatchBytes {
  #kept: Buffer | undefined;

  /** Valid until the next call. */
  of(text: string): Uint8Array {
    if (text.length * BYTES_PER_UNIT > KEPT_BYTES) return Buffer.from(text);
    this.#kept ??= Buffer.allocUnsafeSlow(KEPT_BYTES);
    return this.#kept.subarray(0, this.#kept.write(text));
  }
}
