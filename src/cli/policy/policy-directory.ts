import { statSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import type { Config } from "../../app/config/config.ts";
import { readFeeds } from "../../app/feeds/feed-source.ts";
import { now } from "../../app/now.ts";
import { readToolSchemas } from "../../app/policies/tool-schemas.ts";
import { NO_SCHEMAS } from "../../core/policy/tool-schemas.ts";
import {
  readPoliciesAt,
  readPolicyFiles,
  type PolicyFiles,
} from "../../app/policies/policy-files.ts";
import {
  compilePolicies,
  type PolicyReply,
  type PolicySource,
} from "../../core/policy/compile-policy.ts";
import type { Problem } from "../../core/problem.ts";
import { loadFor } from "../config-options.ts";
import type { Shell } from "../shell.ts";

/** A directory of policy files, read and compiled for a person to look at. */
export interface PolicyDirectory {
  readonly directory: string;
  /** Whose gateway they are for; undefined for a directory that is looked at by itself. */
  readonly configured: Config | undefined;
  readonly sources: readonly PolicySource[];
  readonly reply: PolicyReply;
  /** Of files that cannot be read, and of what the others say. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** A directory or one file; without one it is the configured directory. Files are named as seen from where one stands. */
export function openPolicyDirectory(
  dir: string | undefined,
  config: unknown,
  shell: Shell,
): PolicyDirectory {
  const isAlone = dir !== undefined && config === undefined;
  const configured = isAlone ? undefined : loadFor({ config }, shell).config;
  const configuredDirectory = configured?.policiesDirectory ?? ".";
  const directory = resolve(shell.workingDirectory, dir ?? configuredDirectory);
  return compiled(directory, readPoliciesAt(directory), configured, shell);
}

/**
 * As `openPolicyDirectory`; a file stands for the configured directory with that file in it, in
 * place of the one of the same name if there is one.
 */
export function openCandidate(
  path: string | undefined,
  config: unknown,
  shell: Shell,
): PolicyDirectory {
  const place = resolve(shell.workingDirectory, path ?? ".");
  if (path === undefined || !isFile(place)) return openPolicyDirectory(path, config, shell);
  const { config: configured } = loadFor({ config }, shell);
  const around = readPolicyFiles(configured.policiesDirectory);
  const own = readPoliciesAt(place);
  const isOther = ({ file }: { readonly file: string }): boolean =>
    basename(file) !== basename(place);
  const files: PolicyFiles = {
    sources: [...around.sources.filter(isOther), ...own.sources],
    problems: [...around.problems.filter(isOther), ...own.problems],
  };
  return compiled(dirname(place), files, configured, shell);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** A directory that is looked at by itself belongs to no gateway, and so to no servers or feeds. */
function compiled(
  directory: string,
  files: PolicyFiles,
  configured: Config | undefined,
  shell: Shell,
): PolicyDirectory {
  const tools = configured === undefined ? NO_SCHEMAS : readToolSchemas(configured);
  const { feeds, problems } = readFeeds(configured?.feeds ?? []);
  const near = (file: string): string => {
    const path = relative(shell.workingDirectory, file);
    return path.startsWith("..") ? file : path;
  };
  const sources = files.sources.map(({ file, text }) => ({ file: near(file), text }));
  const unreadable = [...files.problems, ...problems].map((problem) => ({
    ...problem,
    file: near(problem.file),
  }));
  const reply = compilePolicies(sources, tools, feeds, new Map(), now());
  const found = reply.kind === "problems" ? reply.problems : [];
  const warnings = reply.kind === "ok" ? reply.warnings : [];
  return { directory, configured, sources, reply, problems: [...unreadable, ...found], warnings };
}
