import { Buffer } from "node:buffer";

const PIECEWISE_BYTES_MIN = 1024;
const NOTHING = Buffer.alloc(0);

/** The frame that has begun and not ended, over as many chunks as it comes in. */
export interface Piecewise {
  length(): number;
  /** What is kept so far. */
  view(): Buffer;
  keep(tail: Buffer): void;
  /** Everything kept and this: a slice where one chunk has it whole, else the joined copy. */
  take(tail: Buffer): Buffer;
}

/** Grows by doubling, so that a stream of single bytes costs linear time and memory. */
export function createPiecewise(): Piecewise {
  let kept = NOTHING;
  let used = 0;

  function keep(tail: Buffer): void {
    const needed = used + tail.length;
    if (needed > kept.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, kept.length * 2, PIECEWISE_BYTES_MIN));
      kept.copy(grown, 0, 0, used);
      kept = grown;
    }
    tail.copy(kept, used);
    used = needed;
  }

  function take(tail: Buffer): Buffer {
    if (used === 0) return tail;
    keep(tail);
    const whole = kept.subarray(0, used);
    kept = NOTHING;
    used = 0;
    return whole;
  }

  return { length: () => used, view: () => kept.subarray(0, used), keep, take };
}
