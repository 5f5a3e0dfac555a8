/** Scores each record by a model that never saw its source. */
import { trainable, type Examples } from "./examples.ts";
import { fit, strongest, type FitOptions, type Model } from "./fit.ts";
import type { Example } from "./training-data.ts";
import { rateOf } from "./statistics.ts";

/** Families smaller than this are left out together. */
const FOLD_MIN = 20;

export interface LeftOut {
  /** The largest sum, in it or behind its encodings, by a model that never saw its source. */
  readonly sum: number;
  /** The highest score of a signature there. */
  readonly signatures: number;
}

export type Sums = ReadonlyMap<Example, LeftOut>;

export function leaveOneOut(examples: Examples, options: FitOptions): Sums {
  const sums = new Map<Example, LeftOut>();
  for (const fold of foldsOf(examples.records)) {
    const model = fit(
      trainable({
        ...examples,
        records: examples.records.filter(({ family }) => !fold.has(family)),
      }),
      options,
    );
    for (const example of examples.records) {
      if (!fold.has(example.family)) continue;
      sums.set(example, leftOut(model, sayings(examples, example), options));
    }
  }
  return sums;
}

/** It, and what it says behind encodings and disguises. */
function sayings({ behind, undressed }: Examples, example: Example): readonly Example[] {
  return [example, ...(behind.get(example.id) ?? []), ...(undressed.get(example.id) ?? [])];
}

function leftOut(model: Model, texts: readonly Example[], { window }: FitOptions): LeftOut {
  const sums = texts.map((one) => strongest(one, model.weights, window).sum);
  return {
    sum: model.bias + Math.max(...sums),
    signatures: Math.max(...texts.map(({ signatures }) => signatures)),
  };
}

function foldsOf(records: readonly Example[]): readonly ReadonlySet<string>[] {
  const families = Map.groupBy(records, ({ family }) => family);
  const large = [...families].filter(([, members]) => members.length >= FOLD_MIN);
  const small = [...families].filter(([, members]) => members.length < FOLD_MIN);
  return [...large.map(([family]) => new Set([family])), new Set(small.map(([family]) => family))];
}

/** Signatures from this score on are findings by themselves. */
const HIGH = 80;

export function isCaught({ sum, signatures }: LeftOut, pivot: number): boolean {
  return sum >= pivot || signatures >= HIGH;
}

/** Prints what share of each kind a sum from `pivot` on catches, alone and beside signatures. */
export function printLeftOut(sums: Sums, pivot: number): void {
  const kinds = Map.groupBy(sums, ([example]) => example.kind);
  for (const [kind, members] of [...kinds].toSorted(([a], [b]) => a.localeCompare(b))) {
    const alone = members.filter(([, { sum }]) => sum >= pivot).length;
    const both = members.filter(([, one]) => isCaught(one, pivot)).length;
    const { rate, low, high, n } = rateOf(both, members.length);
    const shares = [alone / n, rate, low, high].map((share) => `${(share * 100).toFixed(1)} %`);
    const [one, all, least, most] = shares;
    console.log(`  ${kind.padEnd(22)} n ${n}: ${one}, with signatures ${all} (${least} – ${most})`);
  }
}
