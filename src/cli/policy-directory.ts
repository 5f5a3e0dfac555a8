import { relative, resolve } from "node:path";
import { readToolSchemas } from "../app/tool-schemas.ts";
import { NO_SCHEMAS } from "../core/policy/tool-schemas.ts";
import { readPolicyFiles } from "../app/policy-files.ts";
import {
  compilePolicies,
  type PolicyReply,
  type PolicySource,
} from "../core/policy/compile-policy.ts";
import type { Problem } from "../core/problem.ts";
import { loadFor } from "./config-options.ts";
import type { Shell } from "./shell.ts";

/** A directory of policy files, read and compiled for a person to look at. */
export interface PolicyDirectory {
  readonly directory: string;
  readonly sources: readonly PolicySource[];
  readonly reply: PolicyReply;
  /** Of files that cannot be read, and of what the others say. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Without a directory it is the configured one. Files are named as seen from where one stands. */
export function openPolicyDirectory(
  dir: string | undefined,
  config: unknown,
  shell: Shell,
): PolicyDirectory {
  const configured = dir === undefined ? loadFor({ config }, shell).config : undefined;
  const directory = configured?.policiesDirectory ?? resolve(shell.workingDirectory, dir ?? ".");
  // A directory that is looked at by itself belongs to no gateway, and so to no servers.
  const tools = configured === undefined ? NO_SCHEMAS : readToolSchemas(configured);
  const near = (file: string): string => {
    const path = relative(shell.workingDirectory, file);
    return path.startsWith("..") ? file : path;
  };
  const files = readPolicyFiles(directory);
  const sources = files.sources.map(({ file, text }) => ({ file: near(file), text }));
  const unreadable = files.problems.map((problem) => ({ ...problem, file: near(problem.file) }));
  const reply = compilePolicies(sources, tools);
  const found = reply.kind === "problems" ? reply.problems : [];
  const warnings = reply.kind === "ok" ? reply.warnings : [];
  return { directory, sources, reply, problems: [...unreadable, ...found], warnings };
}
