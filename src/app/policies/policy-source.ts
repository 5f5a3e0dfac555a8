/**
 * The snapshot in force, kept in step with a directory of files and with what APIs made. A change is
 * taken whole or not at all: while any source has a problem, the last good snapshot stays.
 */
import { now } from "../now.ts";
import {
  compilePolicies,
  type FilesRead,
  type PolicySource as PolicyText,
} from "../../core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import { NO_SCHEMAS, type ToolSchemas } from "../../core/policy/tool-schemas.ts";
import type { DestinationFeeds } from "../../core/destination/feed.ts";
import type { Problem } from "../../core/problem.ts";
import type { Limits } from "./unenforced-limits.ts";
import { PolicyFault } from "./policy-fault.ts";
import { policyFilesStamp, readPolicyFiles } from "./policy-files.ts";
import { watchDirectory } from "../watch-directory.ts";

export interface PolicySource extends AsyncDisposable {
  current(): PolicySnapshot;
  /** Reads the directory now. Never throws: problems are told to the events and kept. */
  reload(): void;
  /** The same, if what APIs made has changed. */
  refresh(): void;
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
  /** It loads, and some of it is probably not meant. */
  policyDoubted(warnings: readonly Problem[]): void;
}

interface Loaded {
  readonly kind: "ok";
  readonly snapshot: PolicySnapshot;
  readonly limits: Limits;
  readonly sources: readonly PolicyText[];
  readonly warnings: readonly Problem[];
}

type Load = Loaded | { readonly kind: "problems"; readonly fault: PolicyFault };

export interface PolicySourceOptions {
  readonly directory: string;
  readonly events: PolicyEvents;
  /** Made through an API; another array when one changed. */
  readonly bundles?: () => readonly PolicyText[];
  /** What is wrong with limits in this configuration. */
  readonly check?: (limits: Limits) => readonly Problem[];
  /** Read with each load. */
  readonly tools?: () => ToolSchemas;
  readonly feeds?: () => DestinationFeeds;
}

/** Throws PolicyFault if the policies do not load: at start there is nothing to fall back on. */
export function openPolicySource(options: PolicySourceOptions): PolicySource {
  const { directory, events, bundles = none } = options;
  let stamp = policyFilesStamp(directory);
  let made = bundles();
  const read: FilesRead = new Map();
  const first = load(options, read);
  if (first.kind === "problems") throw first.fault;
  let { snapshot, warnings } = first;
  let problems: readonly Problem[] = [];
  let accepted = 1;
  let refused = 0;
  tellLoaded(events, first);

  function reload(): void {
    stamp = policyFilesStamp(directory);
    made = bundles();
    const next = load(options, read);
    if (next.kind === "problems") {
      refused += 1;
      problems = next.fault.problems;
      events.policyRefused(problems);
      return;
    }
    // Who heard of problems hears that they are over, also where nothing else has changed.
    const known = problems.length === 0 && next.snapshot.digest === snapshot.digest;
    problems = [];
    warnings = next.warnings;
    if (known) return;
    accepted += 1;
    snapshot = next.snapshot;
    tellLoaded(events, next);
  }

  const changes = watchDirectory(directory, () => {
    if (policyFilesStamp(directory) !== stamp) reload();
  });
  return {
    current: () => snapshot,
    limits: first.limits,
    sources: first.sources,
    reload,
    refresh() {
      if (bundles() !== made) reload();
    },
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
    [Symbol.asyncDispose]: async () => changes.stop(),
  };
}

function tellLoaded(events: PolicyEvents, { snapshot, warnings }: Loaded): void {
  events.policyLoaded(snapshot.digest, snapshot.ruleCount);
  if (warnings.length > 0) events.policyDoubted(warnings);
}

const NOTHING = [] as const;

function none(): readonly [] {
  return NOTHING;
}

function load(
  { directory, bundles = none, check = none, tools, feeds }: PolicySourceOptions,
  read: FilesRead,
): Load {
  const files = readPolicyFiles(directory);
  const sources = [...files.sources, ...bundles()];
  const reply = compilePolicies(sources, tools?.() ?? NO_SCHEMAS, feeds?.(), read, now());
  const found = reply.kind === "problems" ? reply.problems : check(reply);
  const problems = [...files.problems, ...found];
  if (reply.kind === "ok" && problems.length === 0) {
    const { snapshot, rules, budgets, warnings } = reply;
    return { kind: "ok", snapshot, limits: { rules, budgets }, sources, warnings };
  }
  return { kind: "problems", fault: new PolicyFault(problems, sources) };
}
