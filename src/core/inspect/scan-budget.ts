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
  /** Work left for what stands behind encodings and disguises. */
  inner: number;
  /** Where `spent` may go during such a look; Infinity: there is none at hand. */
  innerStop: number;
}

/** Decoded units looked at whatever the size of the body; more come with each unit taken in. */
const DECODED_UNITS_MIN = 524_288;
const DECODED_PER_UNIT = 2;

/** A unit of work is a unit of text read once; a signature asked about one place counts as: */
const MATCH_WORK = 64;
/** Thrice what the dearest of 30,000 texts costs for each of its units; ordinary text costs 10. */
const WORK_PER_UNIT = 300;
const WORK_MIN = WORK_PER_UNIT * DECODED_UNITS_MIN;

/** A unit of decoded text that is looked at, whatever is in it. */
const INNER_WORK = 3;
/** What a unit of ordinary text costs behind an encoding. */
const INNER_ORDINARY = INNER_WORK + 5;
/**
 * Looks behind encodings and disguises that a body's units pay for, and units that are paid whatever
 * its size. The dearest of 6,224 texts of the corpora takes two; with two, 9 of 30 long ordinary
 * texts that were percent-encoded twice ended at the bound, and hostile texts cost the same.
 */
const INNER_LOOKS = 4;
const INNER_UNITS_MIN = 2048;
const INNER_PER_UNIT = INNER_LOOKS * INNER_ORDINARY;
const INNER_MIN = INNER_UNITS_MIN * INNER_ORDINARY;

export function scanBudget(): ScanBudget {
  return {
    decoded: DECODED_UNITS_MIN,
    spent: 0,
    granted: WORK_MIN,
    inner: INNER_MIN,
    innerStop: Infinity,
  };
}

/** So much more text is judged: what it hides may cost its share. */
export function grantInner(budget: ScanBudget, units: number): void {
  budget.inner += INNER_PER_UNIT * units;
}

/**
 * Begins a look at so many decoded units, to which the looks inside it belong. False: too little is
 * left for it.
 */
export function enterInner(budget: ScanBudget, units: number): boolean {
  const { spent, innerStop } = budget;
  const stop = innerStop === Infinity ? spent + budget.inner : innerStop;
  if (spent + INNER_WORK * units > stop) return false;
  budget.innerStop = stop;
  budget.spent += INNER_WORK * units;
  return true;
}

/** Units of what a compressed run opens to that it pays for with each of its own. */
const INFLATED_PER_UNIT = 4;

/** A compressed run pays for more than its own units: what comes out is ordinary text, and longer. */
export function grantInflated(budget: ScanBudget, units: number): void {
  const work = INFLATED_PER_UNIT * INNER_ORDINARY * units;
  if (budget.innerStop === Infinity) budget.inner += work;
  else budget.innerStop += work;
}

/** Units that may still come out of a run of so many; see `grantInflated`. */
export function innerRoom(
  { spent, innerStop, inner, decoded }: ScanBudget,
  runUnits: number,
): number {
  const left = innerStop === Infinity ? inner : innerStop - spent;
  const room = Math.floor(left / INNER_WORK) + INFLATED_PER_UNIT * runUnits;
  return Math.max(0, Math.min(decoded, room));
}

/** The outermost look is over. */
export function leaveInner(budget: ScanBudget): void {
  budget.inner = budget.innerStop - budget.spent;
  budget.innerStop = Infinity;
}

/** What is left is used up, in the middle of such a look. */
export function isInnerSpent({ spent, innerStop }: ScanBudget): boolean {
  return spent > innerStop;
}

/** `units` of text came off a wire. */
export function grant(budget: ScanBudget, units: number): void {
  budget.decoded += DECODED_PER_UNIT * units;
  budget.granted += (1 + DECODED_PER_UNIT) * WORK_PER_UNIT * units;
}

/** One place was judged by so many signatures. Whether the budget still holds. */
export function afford(budget: ScanBudget, signatures: number): boolean {
  budget.spent += 1 + MATCH_WORK * signatures;
  return budget.spent <= budget.granted && budget.spent <= budget.innerStop;
}
