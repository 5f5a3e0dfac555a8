/**
 * What a look at one body may cost. Work is counted, not timed, so the same body is always judged
 * the same; who exceeds it is blocked as `detector_failed`, never passed.
 */

/** Shared by all texts of one body, so that many small bombs stop as one large one does. */
export interface ScanBudget {
  /** Decoded units that may still be looked at. */
  decoded: number;
  /** Work done, and work that the text which came in may cost. */
  spent: number;
  granted: number;
}

/** Decoded units looked at whatever the size of the body; more come with each unit taken in. */
const DECODED_UNITS_MIN = 524_288;
const DECODED_PER_UNIT = 2;

/** A unit of work is a unit of text read once; a signature asked about one place counts as: */
const MATCH_WORK = 64;
/** Thrice what the dearest of 30,000 texts costs for each of its units; ordinary text costs 10. */
const WORK_PER_UNIT = 300;
const WORK_MIN = WORK_PER_UNIT * DECODED_UNITS_MIN;

export function scanBudget(): ScanBudget {
  return { decoded: DECODED_UNITS_MIN, spent: 0, granted: WORK_MIN };
}

/** `units` of text came off a wire. */
export function grant(budget: ScanBudget, units: number): void {
  budget.decoded += DECODED_PER_UNIT * units;
  budget.granted += (1 + DECODED_PER_UNIT) * WORK_PER_UNIT * units;
}

/** One place was judged by so many signatures. Whether the budget still holds. */
export function afford(budget: ScanBudget, signatures: number): boolean {
  budget.spent += 1 + MATCH_WORK * signatures;
  return budget.spent <= budget.granted;
}
