/**
 * Scores every file of a folder of corpora through the code that production runs, at the operating
 * point of `policies/packs/inspection.yaml`:
 *
 *     npm run eval -- <folder> [--misses <kind>] [--only <file>]
 *
 * Prints TPR and FPR by kind with 95 % Wilson intervals, AUROC and time a record; writes the same
 * as JSON to the file that `EVAL_OUT` names. `--misses all` shows what was judged wrongly.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Inspections } from "../../src/core/decision.ts";
import { compilePolicies } from "../../src/core/policy/compile-policy.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { AgentId, SessionId, TenantId } from "../../src/core/units.ts";
import { readCorpora, textOf, type CorpusFile } from "./corpus.ts";
import { familyOf } from "./families.ts";
import { reporting, scoreRecord, type Bench, type Scored } from "./score-record.ts";
import { summarize, type Summary } from "./summary.ts";

const PACK = fileURLToPath(new URL("../../policies/packs/inspection.yaml", import.meta.url));
/** Robustness files score parsers, not detectors: tests in `test/wire` and `test/unit` read them. */
const PARSER_FILES = new Set(["http_raw", "json_parse", "yaml_parse", "sse_frames", "mcp_rpc"]);
const MISSES_SHOWN = 40;
const EXCERPT = 240;
const UNREADABLE_SHOWN = 5;
const ROUNDS = 3;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { misses: { type: "string" }, only: { type: "string" } },
});
const folder = positionals[0];
if (folder === undefined) {
  console.error("usage: npm run eval -- <folder of .jsonl corpora> [--misses <kind>|all]");
  process.exitCode = 64;
} else {
  evaluate(folder);
}

function evaluate(from: string): void {
  const bench = openBench();
  const files: Record<string, Summary> = {};
  for (const file of readCorpora(from)) {
    if (PARSER_FILES.has(file.name)) continue;
    if (options.only !== undefined && options.only !== file.name) continue;
    if (file.unreadable.length > 0) printUnreadable(file);
    if (file.records.length === 0) continue;
    const scored = scoreFile(bench, file);
    const summary = summarize(scored, familyOf(file.name));
    files[file.name] = summary;
    print(file.name, summary);
    if (options.misses !== undefined) printMisses(scored, options.misses);
  }
  if (Object.keys(files).length === 0) {
    console.error(`${from} has no records of a corpus in *.jsonl`);
    process.exitCode = 1;
  }
  const out = process.env["EVAL_OUT"];
  if (out === undefined || out === "") return;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify({ files }, undefined, 2)}\n`);
}

function printUnreadable({ name, unreadable }: CorpusFile): void {
  const shown = unreadable.slice(0, UNREADABLE_SHOWN).join(", ");
  console.error(`${name}: ${unreadable.length} lines are no records and were left out: ${shown}`);
}

function openBench(): Bench {
  const enforced = Array.from({ length: ROUNDS }, inspectionsOfPack);
  return {
    enforced,
    measured: reporting(inspectionsOfPack()),
    now: () => performance.now(),
  };
}

/** What the shipped pack asks of any agent. */
function inspectionsOfPack(): Inspections {
  const reply = compilePolicies([{ file: "inspection.yaml", text: readFileSync(PACK, "utf8") }]);
  if (reply.kind !== "ok") throw new Error(reply.problems.map(({ message }) => message).join("\n"));
  const nobody: Principal = {
    agent: "eval" as AgentId,
    tenant: "eval" as TenantId,
    session: "eval" as SessionId,
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "loopback",
  };
  return reply.snapshot.inspections(nobody);
}

function scoreFile(bench: Bench, { name, records }: CorpusFile): readonly Scored[] {
  const family = familyOf(name);
  return records.map((record) => scoreRecord(bench, family, record));
}

function print(file: string, summary: Summary): void {
  const { by_kind: kinds, auroc, tpr_at_fpr_1: atOne } = summary;
  console.log(`\n${file}: ${summary.n} records`);
  for (const [kind, { label, flagged, n, rate, low, high }] of Object.entries(kinds)) {
    const counts = `${flagged}/${n}`.padStart(9);
    const name = `  ${label} ${kind}`.padEnd(44);
    console.log(`${name} ${counts} ${percent(rate)} (${percent(low)} – ${percent(high)})`);
  }
  const [low, high] = summary.tpr_interval;
  const [least, most] = summary.fpr_ordinary_interval;
  console.log(`  TPR ${percent(summary.tpr)} (${percent(low)} – ${percent(high)})`);
  console.log(
    `  FPR ${percent(summary.fpr_ordinary)} (${percent(least)} – ${percent(most)}) on ordinary text,` +
      ` ${percent(summary.fpr_prose)} on security prose`,
  );
  console.log(`  AUROC ${auroc.toFixed(3)}, TPR at 1 % FPR ${percent(atOne)}`);
  const { p50_us: p50, p99_us: p99, max_us: max } = summary;
  console.log(`  µs a record: p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)}`);
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`.padStart(7);
}

/** Attacks that passed and benign text that did not, of one kind (or `all`). */
function printMisses(scored: readonly Scored[], kind: string): void {
  const wrong = scored.filter(({ record, group, flagged }) => {
    const asked = kind === "all" || group === kind || record.label === kind;
    return asked && (record.label === "attack") !== flagged;
  });
  for (const { record, score, signature } of wrong.slice(0, MISSES_SHOWN)) {
    const excerpt = JSON.stringify(textOf(record).slice(0, EXCERPT));
    console.log(`    ${record.id} ${record.label} ${record.kind} ${score} ${signature} ${excerpt}`);
  }
}
