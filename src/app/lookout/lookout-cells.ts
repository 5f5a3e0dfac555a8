/** What the event loop and the thread that watches its looks share: numbers, then a text. */

/** 1 while a look runs. */
export const LOOKING = 0;
/** Looks begun; wraps. */
export const LOOKS = 1;
/** 1 while what is looked at belongs to the exchange that the text names. */
export const NAMED = 2;
/** Bytes of the text. */
export const NAME_BYTES = 3;
/** Set by whoever wants the thread to end. */
export const STOP = 4;

const CELLS = 5;
const TEXT_BYTES_MAX = 4096;

export interface LookoutCells {
  readonly shared: SharedArrayBuffer;
  readonly numbers: Int32Array;
  readonly text: Uint8Array;
}

export function lookoutCells(
  shared = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT + TEXT_BYTES_MAX),
): LookoutCells {
  return {
    shared,
    numbers: new Int32Array(shared, 0, CELLS),
    text: new Uint8Array(shared, CELLS * Int32Array.BYTES_PER_ELEMENT),
  };
}
