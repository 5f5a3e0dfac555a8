/**
 * The snapshot in force, kept in step with a directory. A change is taken whole or not at all:
 * while any file has a problem, the last good snapshot stays.
 */
import { compilePolicies, type PolicySource as PolicyText } from "../core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import { NO_SCHEMAS, type ToolSchemas } from "../core/policy/tool-schemas.ts";
import type { Problem } from "../core/problem.ts";
import type { Limits } from "./self-test.ts";
import { PolicyFault } from "./policy-fault.ts";
import { policyFilesStamp, readPolicyFiles } from "./policy-files.ts";
import { watchDirectory } from "./watch-directory.ts";

export interface PolicySource extends AsyncDisposable {
  current(): PolicySnapshot;
  /** Reads the directory now. Never throws: problems are told to the events and kept. */
  reload(): void;
  /** Of the newest files, where they were refused. */
  readonly problems: readonly Problem[];
  /** What loads, but is probably not meant. */
  readonly warnings: readonly Problem[];
  /** Of the policies at the start. */
  readonly limits: Limits;
  /** And their files. */
  readonly sources: readonly PolicyText[];
  /** Snapshots taken and refused since the start. */
  readonly accepted: number;
  readonly refused: number;
}

export interface PolicyEvents {
  policyLoaded(digest: string, rules: number): void;
  policyRefused(problems: readonly Problem[]): void;
}

type Load =
  | {
      readonly kind: "ok";
      readonly snapshot: PolicySnapshot;
      readonly limits: Limits;
      readonly sources: readonly PolicyText[];
      readonly warnings: readonly Problem[];
    }
  | { readonly kind: "problems"; readonly fault: PolicyFault };

/**
 * Throws PolicyFault if the policies do not load: at start there is nothing to fall back on.
 * `check` finds what is wrong with them in this configuration, `tools` is read with each load.
 */
export function openPolicySource(
  directory: string,
  events: PolicyEvents,
  check: (limits: Limits) => readonly Problem[] = () => [],
  tools: () => ToolSchemas = () => NO_SCHEMAS,
): PolicySource {
  let stamp = policyFilesStamp(directory);
  const first = load(directory, check, tools());
  if (first.kind === "problems") throw first.fault;
  let { snapshot, warnings } = first;
  let problems: readonly Problem[] = [];
  let accepted = 1;
  let refused = 0;
  events.policyLoaded(snapshot.digest, snapshot.ruleCount);

  function reload(): void {
    stamp = policyFilesStamp(directory);
    const next = load(directory, check, tools());
    if (next.kind === "problems") {
      refused += 1;
      problems = next.fault.problems;
      events.policyRefused(problems);
      return;
    }
    problems = [];
    warnings = next.warnings;
    if (next.snapshot.digest === snapshot.digest) return;
    accepted += 1;
    snapshot = next.snapshot;
    events.policyLoaded(snapshot.digest, snapshot.ruleCount);
  }

  const changes = watchDirectory(directory, () => {
    if (policyFilesStamp(directory) !== stamp) reload();
  });
  return {
    current: () => snapshot,
    limits: first.limits,
    sources: first.sources,
    reload,
    get problems() {
      return problems;
    },
    get warnings() {
      return warnings;
    },
    get accepted() {
      return accepted;
    },
    get refused() {
      return refused;
    },
    async [Symbol.asyncDispose]() {
      changes.stop();
    },
  };
}

function load(
  directory: string,
  check: (limits: Limits) => readonly Problem[],
  tools: ToolSchemas,
): Load {
  const files = readPolicyFiles(directory);
  const reply = compilePolicies(files.sources, tools);
  const found = reply.kind === "problems" ? reply.problems : check(reply);
  const problems = [...files.problems, ...found];
  if (reply.kind === "ok" && problems.length === 0) {
    const { snapshot, rules, budgets, warnings } = reply;
    return { kind: "ok", snapshot, limits: { rules, budgets }, sources: files.sources, warnings };
  }
  return { kind: "problems", fault: new PolicyFault(problems, files.sources) };
}
