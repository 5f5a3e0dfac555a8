/** Rates with their uncertainty. */

export interface Rate {
  readonly flagged: number;
  readonly n: number;
  readonly rate: number;
  /** 95 % Wilson interval. */
  readonly low: number;
  readonly high: number;
}

export function rateOf(flagged: number, n: number): Rate {
  const [low, high] = wilson(flagged, n);
  return { flagged, n, rate: n === 0 ? 0 : flagged / n, low, high };
}

/** @see https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval */
function wilson(hits: number, n: number): readonly [number, number] {
  if (n === 0) return [0, 1];
  const z = 1.96;
  const p = hits / n;
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Chance that an attack scores above a benign text; equal scores count half. */
export function auroc(attacks: readonly number[], benign: readonly number[]): number {
  if (attacks.length === 0 || benign.length === 0) return Number.NaN;
  const all = [
    ...attacks.map((score) => ({ score, attack: true })),
    ...benign.map((score) => ({ score, attack: false })),
  ].toSorted((a, b) => a.score - b.score);
  let ranks = 0;
  for (let i = 0; i < all.length;) {
    let end = i;
    while (end < all.length && all[end]?.score === all[i]?.score) end += 1;
    for (let k = i; k < end; k += 1) if (all[k]?.attack === true) ranks += (i + end + 1) / 2;
    i = end;
  }
  const least = (attacks.length * (attacks.length + 1)) / 2;
  return (ranks - least) / (attacks.length * benign.length);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
