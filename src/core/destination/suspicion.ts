/** Reasons to distrust an address, added up. */
import { DESTINATION_KINDS, type DestinationKind, type Factor } from "./factor.ts";

export interface Suspicion {
  readonly kind: DestinationKind;
  /** 0–100. */
  readonly score: number;
  /** 0–1: two reasons are surer than one. */
  readonly confidence: number;
  /** The heaviest first, at most three. */
  readonly factors: readonly string[];
}

const FACTORS_SHOWN = 3;
const NONE: readonly Suspicion[] = [];

/** The heaviest first. */
export function suspicionsOf(factors: readonly Factor[]): readonly Suspicion[] {
  const first = factors[0];
  if (first === undefined) return NONE;
  if (factors.every(({ kind }) => kind === first.kind)) return [suspicionOf(first.kind, factors)];
  return DESTINATION_KINDS.flatMap((kind) => {
    const own = factors.filter((factor) => factor.kind === kind);
    return own.length === 0 ? NONE : [suspicionOf(kind, own)];
  }).toSorted((a, b) => b.score - a.score);
}

function suspicionOf(kind: DestinationKind, factors: readonly Factor[]): Suspicion {
  const sorted = factors.length === 1 ? factors : factors.toSorted((a, b) => b.weight - a.weight);
  const innocent = sorted.reduce((chance, { weight }) => chance * (1 - weight), 1);
  return {
    kind,
    score: Math.round(100 * (1 - innocent)),
    confidence: Math.min(0.99, (sorted[0]?.weight ?? 0) + 0.05 * (sorted.length - 1)),
    factors: sorted.slice(0, FACTORS_SHOWN).map(({ name }) => name),
  };
}
