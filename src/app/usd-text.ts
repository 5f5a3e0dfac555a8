const NANO_DIGITS = 9;

/** Integer nano-USD as dollars, every digit: `0.000450000`. */
export function usdText(nanoUsd: number): string {
  const digits = String(nanoUsd).padStart(NANO_DIGITS + 1, "0");
  return `${digits.slice(0, -NANO_DIGITS)}.${digits.slice(-NANO_DIGITS)}`;
}
