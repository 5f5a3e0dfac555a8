/** Judges one record as production would, with the shipped pack's rules. */
import type { Inspections } from "../../src/core/decision.ts";
import { createEchoFilter } from "../../src/core/inspect/echo-filter.ts";
import type { Finding } from "../../src/core/inspect/finding.ts";
import type { Inspection } from "../../src/core/inspect/inspection.ts";
import { createMessageScreen } from "../../src/core/inspect/message-screen.ts";
import { createPartScanner } from "../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../src/core/inspect/scan-json.ts";
import { openEnds, spliceSecrets, type OpenEnds } from "../../src/core/inspect/secret-splicer.ts";
import { detect } from "../../src/pipeline/detect.ts";
import { FrameGate } from "../../src/proxy/upgrade/frame-gate.ts";
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
const TUNNEL_BYTES_MAX = 2 ** 20;

export function scoreRecord(bench: Bench, family: Family, record: CorpusRecord): Scored {
  const deliveries = family.deliver(record);
  let stopped = false;
  let micros = Infinity;
  for (const inspections of bench.enforced) {
    const before = bench.now();
    const seen = lookAtAll(inspections, deliveries);
    micros = Math.min(micros, (bench.now() - before) * 1000);
    stopped ||= seen.some((one) => isStopped(one, family));
  }
  let best: Finding | undefined;
  for (const one of lookAtAll(bench.measured, deliveries).flatMap(({ findings }) => findings)) {
    if (counts(family, one) && one.score > (best?.score ?? 0)) best = one;
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

function isStopped({ findings, refused }: Seen, family: Family): boolean {
  return refused || findings.some((one) => one.action !== "report" && counts(family, one));
}

interface Seen {
  readonly findings: readonly Finding[];
  /** Nothing was found, because nobody can read it: it does not pass. */
  readonly refused: boolean;
}

/** In one session, in order. */
function lookAtAll(inspections: Inspections, deliveries: readonly Delivery[]): readonly Seen[] {
  const ends = openEnds();
  return deliveries.map((delivery) => look(inspections, delivery, ends));
}

function look(inspections: Inspections, delivery: Delivery, ends: OpenEnds): Seen {
  switch (delivery.kind) {
    case "request": {
      const { scannable, where, said } = delivery;
      const { findings, verdict } = detect(scannable, where, inspections.request, "refuse");
      const split = said === undefined ? undefined : spliceSecrets(inspections.request, ends, said);
      return {
        findings: split === undefined ? findings : [...findings, split],
        refused: verdict.kind === "halt" && findings.length === 0,
      };
    }
    case "answer": {
      const inspection = delivery.on === "response" ? inspections.response : inspections.toolResult;
      return { findings: scanJson(inspection, delivery.value, NONE).findings, refused: false };
    }
    case "text": {
      const scanner = createPartScanner(inspections.response, "body", NONE);
      scanner.push(delivery.text);
      scanner.end();
      return { findings: scanner.findings, refused: false };
    }
    case "frames":
      return throughTunnel(inspections, delivery.bytes);
  }
}

function throughTunnel({ request }: Inspections, bytes: Buffer): Seen {
  const screen = createMessageScreen(request, NONE);
  let isCut = false;
  const gate = new FrameGate({
    screen,
    bytesMax: TUNNEL_BYTES_MAX,
    unscannable: "refuse",
    echoes: createEchoFilter(NONE),
    cut: () => {
      isCut = true;
    },
  });
  gate.resume();
  gate.write(bytes);
  gate.destroy();
  return { findings: screen.findings, refused: isCut && screen.findings.length === 0 };
}
