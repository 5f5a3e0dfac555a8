/** Policy files → one snapshot, or every problem in all of them at once. */
import { digestOf } from "../../lib/canonical-json.ts";
import type { Problem } from "../problem.ts";
import type { Digest, Instant, TenantId } from "../units.ts";
import { compileFile, type CompiledFile } from "./compile-file.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import { findDoubtfulExceptions } from "./doubtful-exceptions.ts";
import { findIdleRules } from "./idle-rules.ts";
import { findWideDenials } from "./wide-denials.ts";
import { parsePolicy } from "./parse-policy.ts";
import type { InspectClause, PolicyFile } from "./policy-file.ts";
import { createLinker, type DefinedBudget, type Known } from "./policy-linker.ts";
import { POLICY_LIMITS } from "./policy-limits.ts";
import type { PolicySnapshot } from "./policy-snapshot.ts";
import { runTests, type TestResult } from "./run-tests.ts";
import { NO_FEEDS, type DestinationFeeds } from "../destination/feed.ts";
import { NO_SCHEMAS, type ToolSchemas } from "./tool-schemas.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { createProblemList, type ProblemList } from "./source-text.ts";

export interface PolicySource {
  /** As problems name it, e.g. `policies/support-bot.yaml`. */
  readonly file: string;
  readonly text: string;
  /**
   * Whose it is, where one tenant made it: it is about that tenant's agents, whatever it says.
   * Such sources stand after the others.
   */
  readonly tenant?: TenantId | undefined;
}

export type PolicyReply =
  | {
      readonly kind: "ok";
      readonly snapshot: PolicySnapshot;
      readonly rules: readonly CompiledRule[];
      readonly budgets: readonly DefinedBudget[];
      readonly tests: readonly TestResult[];
      /** What loads, but is probably not meant. */
      readonly warnings: readonly Problem[];
    }
  | {
      readonly kind: "problems";
      readonly problems: readonly Problem[];
      readonly tests: readonly TestResult[];
    };

/**
 * Files as they were read, for the next time: of a reload, reading is three quarters, and one file
 * has changed of many. By tenant and name; kept by whoever compiles again.
 */
export type FilesRead = Map<string, { readonly text: string; readonly tree: PolicyFile }>;

/**
 * Never throws. No sources make a snapshot that denies everything. A failing in-file test is a
 * problem like any other: the caller keeps what it had. `tools`: what conditions are checked
 * against beside the known variables; `feeds`: what entries that look for destinations know of them;
 * `now`: for warnings of exceptions that have run out.
 */
export function compilePolicies(
  sources: readonly PolicySource[],
  tools: ToolSchemas = NO_SCHEMAS,
  feeds: DestinationFeeds = NO_FEEDS,
  read: FilesRead = new Map(),
  now?: Instant,
): PolicyReply {
  const list = createProblemList();
  const warnings = createProblemList();
  const { files, entries, budgets } = compileAll(sources, { tools, feeds, read }, list, warnings);
  const rules = files.flatMap((file) => file.rules);
  if (list.problems.length > 0) return refused(list, []);

  findIdleRules(rules, warnings);
  findWideDenials(rules, tools, warnings);
  findDoubtfulExceptions(entries, now, warnings);
  const tests = files.flatMap((file) => runTests(file));
  for (const test of tests) {
    if (test.kind === "failed") list.report(test.place, `test fails: ${test.message}`, test.help);
  }
  if (list.problems.length > 0) return refused(list, tests);

  const inspections = files.flatMap((file) => file.inspections);
  const opaqueTo = files.flatMap((file) => file.opaqueTo);
  const snapshot = createSnapshot(rules, inspections, digestOfSources(sources, feeds), opaqueTo);
  return { kind: "ok", snapshot, rules, budgets, tests, warnings: inOrder(warnings.problems) };
}

interface Compiled {
  readonly files: readonly CompiledFile[];
  readonly entries: readonly InspectClause[];
  readonly budgets: readonly DefinedBudget[];
}

const NOTHING: Compiled = { files: [], entries: [], budgets: [] };

function compileAll(
  sources: readonly PolicySource[],
  known: Known & { readonly read: FilesRead },
  list: ProblemList,
  warnings: ProblemList,
): Compiled {
  if (sources.length > POLICY_LIMITS.files) {
    const place = { file: sources[0]?.file ?? "", line: 1, column: 1 };
    list.report(place, `there are ${sources.length} policy files; at most ${POLICY_LIMITS.files}`);
    return NOTHING;
  }
  const parsed = readAll(sources, known.read, list);
  const clauses = parsed.reduce((sum, { tree }) => sum + clausesOf(tree), 0);
  if (clauses > POLICY_LIMITS.clauses) {
    const place = { file: sources[0]?.file ?? "", line: 1, column: 1 };
    const message = `all files together hold ${clauses} rules, budgets, inspect entries and tests`;
    list.report(place, message, `at most ${POLICY_LIMITS.clauses} are loaded`);
    return NOTHING;
  }
  const linker = createLinker(parsed, list, known);
  const files = parsed.map((file) => compileFile(file, linker));
  // A budget that only a broken rule charges is not unused.
  if (list.problems.length === 0) linker.reportUnused(warnings);
  const entries = parsed.flatMap(({ tree }) => tree.inspections);
  return { files, entries, budgets: linker.definedBudgets() };
}

interface Parsed {
  readonly tree: PolicyFile;
  readonly tenant: TenantId | undefined;
}

/** A file is remembered only while no file has a problem, so that each problem is told each time. */
function readAll(
  sources: readonly PolicySource[],
  read: FilesRead,
  list: ProblemList,
): readonly Parsed[] {
  const kept = new Map(read);
  read.clear();
  return sources.flatMap(({ file, text, tenant }) => {
    const name = JSON.stringify([tenant, file]);
    const known = kept.get(name);
    const tree = known?.text === text ? known.tree : parsePolicy(file, text, list);
    if (tree === undefined) return [];
    if (list.problems.length === 0) read.set(name, { text, tree });
    return { tree, tenant };
  });
}

function clausesOf({ rules, budgets, inspections, tests }: PolicyFile): number {
  return rules.length + budgets.length + inspections.length + tests.length;
}

function refused(list: ProblemList, tests: readonly TestResult[]): PolicyReply {
  return { kind: "problems", problems: inOrder(list.problems), tests };
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
}

/**
 * Hash of the canonical JSON of `[file name, text, tenant?]`, and of the feeds' hash where there are
 * some; the directory does not matter.
 */
function digestOfSources(sources: readonly PolicySource[], feeds: DestinationFeeds): Digest {
  const pairs = sources.map(({ file, text, tenant }) => {
    const name = file.slice(file.lastIndexOf("/") + 1);
    return tenant === undefined ? ([name, text] as const) : ([name, text, tenant] as const);
  });
  const sorted = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return digestOf<Digest>(feeds.size === 0 ? sorted : [...sorted, feeds.digest]);
}
