const DECIMAL = /^(\d{1,30})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?$/;
const EXPONENT_MAX = 30;

/**
 * A non-negative decimal as an integer of 10^-`scale`, rounded up where the text is finer: an
 * amount owed is never written down smaller. `undefined` where the text is no such number.
 */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const shift = Number(exponent) - fraction.length + scale;
  if (Math.abs(Number(exponent)) > EXPONENT_MAX) return undefined;
  const digits = BigInt(whole + fraction);
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideUp(digits, 10n ** BigInt(-shift));
}

/** Places below `scale` that a text may have at all: `EXPONENT_MAX` and forty digits. */
const PLACES_BELOW = 70;

/** `undefined` too where the text is finer than the scale: a limit is what was written, or none. */
export function parseExactDecimal(text: string, scale: number): bigint | undefined {
  const value = parseDecimal(text, scale);
  if (value === undefined) return undefined;
  return parseDecimal(text, scale + PLACES_BELOW) === value * 10n ** BigInt(PLACES_BELOW)
    ? value
    : undefined;
}

/** Integer division that rounds up; both sides non-negative. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
