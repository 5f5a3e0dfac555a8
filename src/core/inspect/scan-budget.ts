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
  /** Work left for what stands behind encodings and disguises; below nothing where all was used. */
  inner: number;
  /** Where `spent` may go during such a look; Infinity: there is none at hand. */
  innerStop: number;
}

/** Decoded units looked at whatever the size of the body; more come with each unit taken in. */
const DECODED_UNITS_MIN = 524_288;
const DECODED_PER_UNIT = 2;

/**
 * A unit of work is what takes some 5 ns, so that a bound on work is one on time: a fit to 5,600
 * texts, ordinary and hostile (most of them cost between 0.6 and 1.6 times what is counted). Ordinary
 * text costs 9 for each of its units. Here: a unit of text that is read, for anchors, tokens, runs
 * and disguises.
 */
const UNIT_WORK = 4;
/** A place that is judged, a signature that is asked there, a hit that is weighed. */
export const CANDIDATE_WORK = 13;
export const ASK_WORK = 6;
export const HIT_WORK = 50;
/** A sign of an injection is weighed against those around it, and by who is told what. */
export const INJECTION_HIT_WORK = 250;
/** A run of digits that is decoded, and each of its units. */
const RUN_WORK = 50;
const RUN_UNIT_WORK = 1;
/** To see that what begins like compressed bytes is none: a table of codes is read. */
const OPEN_WORK = 80;
/** A unit of a stretch of escapes. */
const ESCAPE_UNIT_WORK = 2;
/** What is found behind an encoding is told, and where it stands counted back. */
const REPORT_WORK = 140;
/** A unit of a text beyond ASCII, which is read one by one and folded. */
const FOREIGN_UNIT_WORK = 1.5;
/** Thrice what the dearest of 30,000 texts costs for each of its units. */
const WORK_PER_UNIT = 120;
const WORK_MIN = WORK_PER_UNIT * DECODED_UNITS_MIN;

/** A look behind an encoding, and a unit that is looked at there, whatever is in it. */
const LOOK_WORK = 300;
const INNER_WORK = 1;
/** What a unit of ordinary text costs behind an encoding. */
const INNER_ORDINARY = INNER_WORK + UNIT_WORK + 1;
/**
 * What a unit of text pays for all that is asked about it and hides behind it, and what is paid
 * whatever the size of a body. Ordinary text in encodings takes up to 15, and an answer of
 * which not all was looked at is refused: less for hostile text would refuse them as well.
 */
const INNER_PER_UNIT = 16;
const INNER_MIN = 6000;

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
  const work = LOOK_WORK + INNER_WORK * units;
  if (spent + work > stop) return false;
  budget.innerStop = stop;
  budget.spent += work;
  return true;
}

/** Whether so long a run of digits may be decoded. */
export function affordRun(budget: ScanBudget, units: number): boolean {
  return affordInner(budget, RUN_WORK + RUN_UNIT_WORK * units);
}

export function payOpened(budget: ScanBudget, times: number): void {
  if (times > 0) payInside(budget, OPEN_WORK * times);
}

export function affordEscapes(budget: ScanBudget, units: number): boolean {
  return affordInner(budget, ESCAPE_UNIT_WORK * units);
}

export function payReported(budget: ScanBudget, findings: number): void {
  if (findings > 0) payInside(budget, REPORT_WORK * findings);
}

/** Whether there is so much left for what the text hides. */
export function affordInner(budget: ScanBudget, work: number): boolean {
  const { spent, innerStop, inner } = budget;
  if (innerStop === Infinity ? work > inner : spent + work > innerStop) return false;
  payInside(budget, work);
  return true;
}

/** Work on what the text hides that is known when it is done. */
export function payInside(budget: ScanBudget, work: number): void {
  budget.spent += work;
  payPlain(budget, work);
}

/** What was asked about the text itself is not left for what it hides. */
export function payPlain(budget: ScanBudget, work: number): void {
  if (budget.innerStop === Infinity) budget.inner -= work;
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
  const room = Math.floor(left / (INNER_WORK + UNIT_WORK)) + INFLATED_PER_UNIT * runUnits;
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

/** So many units of a text are read. */
export function payReading(budget: ScanBudget, units: number, isForeign: boolean): void {
  budget.spent += (isForeign ? UNIT_WORK + FOREIGN_UNIT_WORK : UNIT_WORK) * units;
}

/** So much work was done. Whether the budget still holds. */
export function afford(budget: ScanBudget, work: number): boolean {
  budget.spent += work;
  return budget.spent <= budget.granted && budget.spent <= budget.innerStop;
}
