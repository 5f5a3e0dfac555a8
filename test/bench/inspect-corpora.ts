/**
 * Prints how often the detectors catch what they should (TPR) and what they should not (FPR), by
 * kind and by source, on corpora that are not part of this repository:
 *
 *     SALLYPORT_CORPORA=<folder> node test/bench/inspect-corpora.ts [--misses <kind>] [--cost]
 *
 * Every record goes through the scanner that production uses.
 */
import { existsSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createPartScanner } from "../../src/core/inspect/part-scanner.ts";
import type { Inspection } from "../../src/core/inspect/inspection.ts";

interface CorpusRecord {
  readonly id: string;
  readonly text?: string;
  readonly text_b64?: string;
  readonly label: "attack" | "benign";
  readonly kind: string;
  readonly tier?: string;
  readonly source: string;
  readonly surface?: string;
}

interface Scored {
  readonly record: CorpusRecord;
  readonly text: string;
  readonly score: number;
  readonly signature: string;
  readonly micros: number;
}

const FOLDER =
  process.env["SALLYPORT_CORPORA"] ?? new URL("../../../shared/corpora", import.meta.url).pathname;

/** Score from which a finding counts: `high`, the level of the shipped policies. */
const FILES = [
  { file: "injection.jsonl", find: ["injection"], at: 80 },
  { file: "secrets.jsonl", find: ["secret"], at: 60 },
  { file: "pii.jsonl", find: ["pii"], at: 60 },
];

/** Kinds that count apart from the total: see the corpora's README. */
const APART = new Set(["indirect_plain", "security_prose"]);
const MISSES_SHOWN = 25;
const EXCERPT = 300;

const show = process.argv.includes("--misses")
  ? process.argv[process.argv.indexOf("--misses") + 1]
  : undefined;

for (const { file, find, at } of FILES) {
  const path = `${FOLDER}/${file}`;
  if (!existsSync(path)) {
    console.log(`${file}: not found; set SALLYPORT_CORPORA to the folder it is in`);
    continue;
  }
  const inspection: Inspection = {
    surface: "response",
    rules: [{ id: "corpus", find, scoreMin: 1, action: "report" }],
  };
  const scored = readRecords(path).map((record) => score(record, inspection));
  print(file, scored, at);
  if (show !== undefined) printMisses(scored, at, show);
}

function readRecords(path: string): readonly CorpusRecord[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): CorpusRecord => JSON.parse(line) as CorpusRecord);
}

function score(record: CorpusRecord, inspection: Inspection): Scored {
  const text = record.text ?? Buffer.from(record.text_b64 ?? "", "base64").toString("utf8");
  const before = performance.now();
  const scanner = createPartScanner(inspection, "corpus", []);
  scanner.push(text);
  scanner.end();
  const micros = (performance.now() - before) * 1000;
  const best = scanner.findings.toSorted((a, b) => b.score - a.score)[0];
  return { record, text, score: best?.score ?? 0, signature: best?.signature ?? "-", micros };
}

function print(file: string, scored: readonly Scored[], at: number): void {
  console.log(`\n${file}: flagged from score ${at}`);
  for (const label of ["attack", "benign"] as const) {
    const ours = scored.filter((one) => one.record.label === label);
    const groups = Map.groupBy(ours, ({ record }) => record.tier ?? record.kind);
    for (const [kind, group] of [...groups].toSorted(([a], [b]) => a.localeCompare(b))) {
      console.log(line(`  ${label} ${kind}`, group, at));
    }
    console.log(
      line(
        `  ${label} total`,
        ours.filter(({ record }) => !APART.has(record.kind)),
        at,
      ),
    );
  }
  const attacks = scored.filter(({ record }) => record.label === "attack");
  for (const [source, group] of Map.groupBy(attacks, ({ record }) => family(record.source))) {
    if (group.length >= 20) console.log(line(`  from ${source}`, group, at));
  }
  const micros = scored.map((one) => one.micros).toSorted((a, b) => a - b);
  const quantile = (q: number): string => (micros[Math.floor(q * micros.length)] ?? 0).toFixed(0);
  console.log(`  µs a record: p50 ${quantile(0.5)}, p99 ${quantile(0.99)}`);
}

function line(name: string, group: readonly Scored[], at: number): string {
  const flagged = group.filter((one) => one.score >= at).length;
  const [low, high] = wilson(flagged, group.length);
  const rate = percent(flagged / Math.max(1, group.length));
  const counts = `${flagged}/${group.length}`.padStart(9);
  return `${name.padEnd(48)} ${counts} ${rate} (${percent(low)} – ${percent(high)})`;
}

/** 95 % interval. @see https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval */
function wilson(hits: number, n: number): readonly [number, number] {
  if (n === 0) return [0, 1];
  const z = 1.96;
  const p = hits / n;
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  return [middle - half, middle + half];
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`.padStart(7);
}

function family(source: string): string {
  return source.split("@")[0]?.split(";")[0]?.slice(0, 40) ?? "";
}

/** Attacks not flagged, and what was flagged wrongly, of one kind (or `all`). */
function printMisses(scored: readonly Scored[], at: number, kind: string): void {
  const wrong = scored.filter(
    ({ record, score: got }) =>
      (kind === "all" || record.kind === kind || record.tier === kind) &&
      record.label === (got >= at ? "benign" : "attack"),
  );
  for (const { record, text, score: got, signature } of wrong.slice(0, MISSES_SHOWN)) {
    const excerpt = JSON.stringify(text.slice(0, EXCERPT));
    console.log(`    ${record.id} ${record.label} ${record.kind} ${got} ${signature} ${excerpt}`);
  }
}
