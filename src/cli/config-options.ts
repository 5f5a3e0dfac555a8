import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig, type ConfigReply } from "../app/config/load-config.ts";
import type { Setting } from "../app/config/settings.ts";
import { formatProblem } from "../core/policy/format-problem.ts";
import type { Problem } from "../core/problem.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";
import type { Shell } from "./shell.ts";

export type LoadedConfig = Extract<ConfigReply, { kind: "config" }>;

interface FlagOfConfig {
  readonly flag: string;
  readonly path: string;
  readonly help: string;
  /** About how the gate listens, which a gate for one command chooses itself. */
  readonly listens?: true;
}

const FLAGS: readonly FlagOfConfig[] = [
  {
    flag: "--host <address>",
    path: "listen.host",
    help: "address of the data plane",
    listens: true,
  },
  { flag: "--port <number>", path: "listen.port", help: "port of the data plane", listens: true },
  {
    flag: "--manage-port <number>",
    path: "manage.port",
    help: "port of the management API, health and metrics",
    listens: true,
  },
  { flag: "--data <dir>", path: "data_dir", help: "data directory: ledger, vault, budgets" },
  { flag: "--policies <dir>", path: "policies.dir", help: "directory of the policy files" },
  {
    flag: "--workers <number>",
    path: "workers",
    help: "processes that share the listeners",
    listens: true,
  },
  { flag: "--log-level <level>", path: "log.level", help: "debug, info, warn, error or silent" },
];

/** Adds `--config` and the flags that stand for a value of the config file. */
export function withConfigOptions(command: Command): Command {
  return withFlags(command, FLAGS);
}

/** The same for a gate that lives as long as one command, on ports of its own choice. */
export function withPolicyOptions(command: Command): Command {
  return withFlags(
    command,
    FLAGS.filter(({ listens }) => listens !== true),
  );
}

function withFlags(command: Command, flags: readonly FlagOfConfig[]): Command {
  command.option("--config <file>", "config file (default: ./sallyport.yaml, else a sample)");
  for (const { flag, help } of flags) command.option(flag, help);
  return command;
}

export function loadFor(options: Readonly<Record<string, unknown>>, shell: Shell): LoadedConfig {
  const { environment, workingDirectory } = shell;
  const asked = options["config"];
  const file = typeof asked === "string" ? asked : undefined;
  const flags = FLAGS.flatMap((flag) => settingOf(flag, options));
  const reply = loadConfig({ file, flags, environment, workingDirectory });
  if (reply.kind === "config") return reply;
  for (const problem of reply.problems) shell.err(`${printed(problem, shell)}\n`);
  const count = reply.problems.length;
  throw new CommandFailure(
    EXIT.usage,
    `the configuration has ${count === 1 ? "a problem" : `${count} problems`}; nothing was started`,
    "`sallyport config schema` prints every key",
  );
}

function settingOf(
  { flag, path }: FlagOfConfig,
  options: Readonly<Record<string, unknown>>,
): Setting[] {
  const source = flag.slice(0, flag.indexOf(" "));
  const name = source.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const text = options[name];
  return typeof text === "string" ? [{ path: path.split("."), text, source }] : [];
}

/** Flags and variables have no line to show. */
function printed(problem: Problem, { workingDirectory }: Shell): string {
  const { file, message, suggestion } = problem;
  try {
    return formatProblem(problem, readFileSync(resolve(workingDirectory, file), "utf8"));
  } catch {
    return `${file}: ${message}${suggestion === undefined ? "" : `\n  help: ${suggestion}`}`;
  }
}
