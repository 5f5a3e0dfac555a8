/** What the scores of one corpus file come to. */
import { PROSE, type Family } from "./families.ts";
import type { Scored } from "./score-record.ts";
import { auroc, quantile, rateOf, type Rate } from "./statistics.ts";

export interface Summary {
  readonly tpr: number;
  readonly tpr_interval: readonly [number, number];
  /** All benign kinds but security prose. */
  readonly fpr_ordinary: number;
  readonly fpr_ordinary_interval: readonly [number, number];
  readonly fpr_prose: number;
  readonly by_kind: Readonly<Record<string, KindSummary>>;
  readonly auroc: number;
  /** Share of attacks above the score that 1 % of ordinary text exceeds. */
  readonly tpr_at_fpr_1: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly max_us: number;
  readonly n: number;
}

export interface KindSummary extends Rate {
  readonly label: string;
}

export function summarize(scored: readonly Scored[], family: Family): Summary {
  const attacks = scored.filter(({ record, group }) => {
    return record.label === "attack" && !family.apart.has(group);
  });
  const benign = scored.filter(({ record }) => record.label === "benign");
  const ordinary = benign.filter(({ record }) => record.kind !== PROSE);
  const tpr = rateOfAll(attacks);
  const fpr = rateOfAll(ordinary);
  const micros = scored.map((one) => one.micros);
  return {
    tpr: tpr.rate,
    tpr_interval: [tpr.low, tpr.high],
    fpr_ordinary: fpr.rate,
    fpr_ordinary_interval: [fpr.low, fpr.high],
    fpr_prose: rateOfAll(benign.filter(({ record }) => record.kind === PROSE)).rate,
    by_kind: byKind(scored),
    auroc: auroc(scoresOf(attacks), scoresOf(ordinary)),
    tpr_at_fpr_1: shareAbove(scoresOf(attacks), quantile(scoresOf(ordinary), 0.99)),
    p50_us: quantile(micros, 0.5),
    p99_us: quantile(micros, 0.99),
    max_us: quantile(micros, 1),
    n: scored.length,
  };
}

function byKind(scored: readonly Scored[]): Readonly<Record<string, KindSummary>> {
  const kinds: Record<string, KindSummary> = {};
  for (const label of ["attack", "benign"]) {
    const ours = scored.filter(({ record }) => record.label === label);
    const groups = [...Map.groupBy(ours, ({ group }) => group)];
    for (const [kind, group] of groups.toSorted(([a], [b]) => a.localeCompare(b))) {
      kinds[kind in kinds ? `${kind} (${label})` : kind] = { label, ...rateOfAll(group) };
    }
  }
  return kinds;
}

function rateOfAll(scored: readonly Scored[]): Rate {
  return rateOf(scored.filter(({ flagged }) => flagged).length, scored.length);
}

function scoresOf(scored: readonly Scored[]): readonly number[] {
  return scored.map(({ score }) => score);
}

function shareAbove(scores: readonly number[], threshold: number): number {
  if (scores.length === 0) return 0;
  return scores.filter((score) => score > threshold).length / scores.length;
}
