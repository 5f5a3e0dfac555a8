/** Judges one record as production would, with the shipped pack's rules. */
import type { Inspections } from "../../src/core/decision.ts";
import type { Finding } from "../../src/core/inspect/finding.ts";
import type { Inspection } from "../../src/core/inspect/inspection.ts";
import { createPartScanner } from "../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../src/core/inspect/scan-json.ts";
import { detect } from "../../src/pipeline/detect.ts";
import type { CorpusRecord } from "./corpus.ts";
import type { Delivery } from "./deliveries.ts";
import type { Family } from "./families.ts";

export interface Scored {
  readonly record: CorpusRecord;
  readonly group: string;
  /** Blocked, or rewritten, by the rules of the pack. */
  readonly flagged: boolean;
  /** The highest score of a finding, whatever the threshold. */
  readonly score: number;
  readonly signature: string;
  readonly micros: number;
}

export interface Bench {
  /**
   * As the pack says, compiled once for each round: texts that were clean a moment ago are known to
   * be, and would cost nothing. The fastest round counts, because what else the machine does is not
   * what inspection costs.
   */
  readonly enforced: readonly Inspections[];
  /** The same detectors, reporting from score 1. */
  readonly measured: Inspections;
  readonly now: () => number;
}

const NONE: readonly string[] = [];

export function scoreRecord(bench: Bench, family: Family, record: CorpusRecord): Scored {
  const deliveries = family.deliver(record);
  let stopped = false;
  let micros = Infinity;
  for (const inspections of bench.enforced) {
    const before = bench.now();
    for (const delivery of deliveries) {
      const seen = look(inspections, delivery);
      stopped ||= seen.some((one) => one.action !== "report" && counts(family, one));
    }
    micros = Math.min(micros, (bench.now() - before) * 1000);
  }
  let best: Finding | undefined;
  for (const delivery of deliveries) {
    for (const one of look(bench.measured, delivery)) {
      if (counts(family, one) && one.score > (best?.score ?? 0)) best = one;
    }
  }
  return {
    record,
    group: family.groupOf(record),
    flagged: stopped,
    score: best?.score ?? 0,
    signature: best?.signature ?? "-",
    micros,
  };
}

/** The same rules, asked to report everything. */
export function reporting(inspections: Inspections): Inspections {
  const all = ({ surface, rules }: Inspection): Inspection => ({
    surface,
    rules: rules.map((rule) => ({ ...rule, scoreMin: 1, action: "report" as const })),
  });
  return {
    request: all(inspections.request),
    response: all(inspections.response),
    toolResult: all(inspections.toolResult),
  };
}

function counts({ counts: wanted }: Family, { detector }: Finding): boolean {
  return wanted?.some((name) => name === detector || detector.startsWith(`${name}.`)) ?? true;
}

function look(inspections: Inspections, delivery: Delivery): readonly Finding[] {
  switch (delivery.kind) {
    case "request": {
      const { scannable, where } = delivery;
      const { findings } = detect(scannable, where, inspections.request, "refuse");
      return findings;
    }
    case "answer": {
      const inspection = delivery.on === "response" ? inspections.response : inspections.toolResult;
      return scanJson(inspection, delivery.value, NONE).findings;
    }
    case "text": {
      const scanner = createPartScanner(inspections.response, "body", NONE);
      scanner.push(delivery.text);
      scanner.end();
      return scanner.findings;
    }
  }
}
