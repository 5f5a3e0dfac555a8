/**
 * Rates as one number each: the moment at which nothing of the allowance would be in use any more. A
 * burst of the whole allowance is fine; after that it comes back evenly, unit by unit.
 *
 * The Lua in stores/redis says the same; one contract suite holds both to it.
 *
 * @see https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */

/** Float noise of an interval that is no whole number of milliseconds. */
const TOLERANCE_MS = 0.001;

/**
 * Use beyond the allowance is waited for, but no longer than so many refills: one absurd answer, or a
 * clock that was set back, must not lock an agent out for days.
 */
export const REFILLS_OWED_MAX = 10;

/** Allowance and the time in which all of it comes back, in milliseconds. */
export interface Refill {
  readonly allowance: number;
  readonly per: number;
}

/** How far `amount` moves the number. More than the allowance needs all of it, and no more. */
function stride({ allowance, per }: Refill, amount: number): number {
  return (Math.min(amount, allowance) * per) / allowance;
}

/** Milliseconds until `amount` fits; 0 if it fits now. */
export function waitFor(refill: Refill, emptyAt: number, amount: number, now: number): number {
  const wait = Math.max(emptyAt, now) + stride(refill, amount) - refill.per - now;
  return wait > TOLERANCE_MS ? Math.ceil(wait) : 0;
}

/** The number after `amount` was taken. */
export function after(refill: Refill, emptyAt: number, amount: number, now: number): number {
  return Math.max(emptyAt, now) + stride(refill, amount);
}

/** The number once `used` has taken the place of the `amount` that was taken before. */
export function corrected(
  refill: Refill,
  emptyAt: number,
  amount: number,
  used: number,
  now: number,
): number {
  const { allowance, per } = refill;
  const moved = (used * per) / allowance - stride(refill, amount);
  const from = moved > 0 ? Math.max(emptyAt, now) : emptyAt;
  return Math.min(from + moved, now + per * REFILLS_OWED_MAX);
}

/** Whole units that fit now. */
export function leftOf({ allowance, per }: Refill, emptyAt: number, now: number): number {
  const free = per - Math.max(emptyAt - now, 0);
  return Math.max(Math.floor(((free + TOLERANCE_MS) * allowance) / per), 0);
}
