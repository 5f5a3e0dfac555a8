/** The `sallyport` command: which subcommands there are. Each loads its own code when it runs. */
import type { Config } from "../app/config/config.ts";
import { Command, CommanderError, Help, type Option } from "commander";
import { StoreFault } from "../app/ports/store-fault.ts";
import { NewerDatabase } from "../stores/sqlite/newer-database.ts";
import { VERSION } from "../app/version.ts";
import { CommandFailure } from "./command-failure.ts";
import { loadFor, withConfigOptions, withPolicyOptions } from "./config-options.ts";
import { EXIT } from "./exit-code.ts";
import { filesRefused, isRefusedFile } from "./files-refused.ts";
import type { Shell } from "./shell.ts";

const EXAMPLES = `
Examples:
  $ sallyport up                          start with ./sallyport.yaml, or with a sample
  $ sallyport demo                        watch an agent meet the gate, in a few seconds
  $ sallyport init                        write sallyport.yaml and policies/ for this project
  $ sallyport run -- claude "fix the bug" run any agent behind the gate
  $ sallyport policy check                what is wrong with the policies, all at once
  $ sallyport inspect page.html           what the detectors find in a file, a URL or stdin
  $ sallyport ledger verify               prove that the record is whole

Exit codes: 0 ok, 1 the answer is no, 2 wrong usage or configuration, 3 the machine refused,
70 a bug, 130 interrupted.`;

const INSPECT_HELP = `
Text up to 16 MiB: UTF-8, or UTF-16 with its mark; JSON is looked at string by string. Anything else,
archives among it, is said to be unscanned. Nothing that was found is repeated.

Exit codes: 0 clean, or found and only reported; 1 something would be blocked or redacted, or not all
was looked at (unscanned, not asked); 2 wrong usage or policies; 3 it cannot be read, or a URL does not
answer with success within 10 s.`;

/** Runs one command line and answers with the exit code; only a bug rejects. */
export async function runProgram(argv: readonly string[], shell: Shell): Promise<number> {
  let exitCode: number = EXIT.ok;
  const done: Done = (code) => {
    exitCode = code;
  };
  const program = newProgram(shell);
  addCommands(program, shell, done);
  let asked: unknown;
  program.hook("preAction", (_program, command) => {
    asked = command.opts()["config"];
  });
  const [first, second] = argv;
  const group = first === "help" ? second : first;
  await addGroups(program, shell, group, () => loadFor({ config: asked }, shell).config);
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    return explain(error, shell);
  }
}

function newProgram(shell: Shell): Command {
  return new Command("sallyport")
    .description("The guarded gate through which AI agents go out.")
    .version(VERSION, "-V, --version")
    .addHelpText("after", EXAMPLES)
    .configureOutput({ writeOut: (text) => shell.out(text), writeErr: (text) => shell.err(text) })
    .configureHelp({ optionDescription: describeOption, subcommandTerm: usageOf })
    .showHelpAfterError("(add --help to see what there is)")
    .enablePositionalOptions()
    .exitOverride();
}

/** That what may be repeated begins with nothing goes without saying. */
function describeOption(option: Option): string {
  return new Help().optionDescription(option).replace(" (default: [])", "");
}

/** Commands that take excess arguments do so only to refuse them in words of their own. */
function usageOf(command: Command): string {
  return new Help().subcommandTerm(command).replace(" [excess...]", "");
}

type Done = (exitCode: number) => void;

function addCommands(program: Command, shell: Shell, done: Done): void {
  withConfigOptions(program.command("up").description("start the gateway")).action(
    async (options) => done(await (await import("./run/up.ts")).up(options, shell)),
  );
  program
    .command("init")
    .description("write sallyport.yaml and policies/ for this project; never over what is there")
    .argument("[dir]", "the project's directory; made if it does not exist", ".")
    .action(async (dir: string) => done((await import("./init.ts")).init(dir, shell)));
  withPolicyOptions(
    program
      .command("run")
      .description("run one command and its children behind a gate of their own"),
  )
    .argument("<command...>", "the agent and its arguments, after --")
    .option("--agent <name>", "the agent that the command acts as; one of `agents`")
    .passThroughOptions()
    .action(async (command: string[], options) =>
      done(await (await import("./run/run.ts")).run(command, options, shell)),
    );
  program
    .command("inspect")
    .description("show what the detectors find in a file, at a URL, or on stdin (-)")
    .argument("<source>", "file, http(s) URL, or -")
    .option("--on <surface>", "request, response or tool_result", "tool_result")
    .option(
      "--agent <name>",
      "whose inspect entries apply (default: the loopback agent, or anybody)",
    )
    .option("--policies <dir>", "your own entries; without it those of the pack `inspection`")
    .option("--config <file>", "entries, feeds and loopback agent of this configuration")
    .option("--json", "the answer of POST /core/v1/inspect")
    .addHelpText("after", INSPECT_HELP)
    .action(async (source: string, options) =>
      done(await (await import("./policy/inspect.ts")).inspect(source, options, shell)),
    );
  program
    .command("demo")
    .description("play an agent through the gate: every step is the real thing")
    .action(async () => done(await (await import("./demo/demo.ts")).demo(shell)));
  withConfigOptions(
    program
      .command("doctor")
      .description("check this machine and this configuration, and say what to do"),
  )
    .option("--json", "print JSON, for programs")
    .action(async (options) => done(await (await import("./doctor.ts")).doctor(options, shell)));
}

/** Commands with subcommands of their own; only the one that was asked for is loaded. */
const GROUPS: readonly Group[] = [
  {
    name: "policy",
    description: "check, test, explain and simulate policies; learn one from traffic",
    load: async (shell) => (await import("./policy/policy.ts")).policyCommand(shell),
  },
  {
    name: "vault",
    description: "keep the credentials that the gate lends to agents' requests",
    load: async (shell) => (await import("./vault/vault.ts")).vaultCommand(shell),
  },
  {
    name: "ledger",
    description: "read the record, and prove it whole",
    load: async (shell, config) =>
      (await import("./ledger/ledger.ts")).ledgerCommand(shell, config),
  },
  {
    name: "mcp",
    description: "serve MCP upstreams over stdio; see and approve what they offer",
    load: async (shell) => (await import("./mcp/mcp.ts")).mcpCommand(shell),
  },
  {
    name: "prices",
    description: "show what models cost here; check your own prices",
    load: async (shell) => (await import("./prices.ts")).pricesCommand(shell),
  },
  {
    name: "budget",
    description: "show how budgets stand; correct what counts as spent",
    load: async (shell) => (await import("./directory/budget.ts")).budgetCommand(shell),
  },
  {
    name: "agents",
    description: "register, list and stop agents",
    load: async (shell) => (await import("./directory/agents.ts")).agentsCommand(shell),
  },
  {
    name: "keys",
    description: "create, rotate and revoke the keys of agents and services",
    load: async (shell) => (await import("./directory/keys.ts")).keysCommand(shell),
  },
  {
    name: "tenants",
    description: "keep customers apart: create, suspend and resume them",
    load: async (shell) => (await import("./directory/tenants.ts")).tenantsCommand(shell),
  },
  {
    name: "reviews",
    description: "list, approve and deny calls that wait for a person",
    load: async (shell) => (await import("./directory/reviews.ts")).reviewsCommand(shell),
  },
  {
    name: "sessions",
    description: "list, stop and revoke the sessions of agents",
    load: async (shell) => (await import("./directory/sessions.ts")).sessionsCommand(shell),
  },
  {
    name: "subscriptions",
    description: "say who is told of what happens; see what did not arrive",
    load: async (shell) =>
      (await import("./directory/subscriptions.ts")).subscriptionsCommand(shell),
  },
  {
    name: "config",
    description: "show what is configured and by whom; print the schema",
    load: async (shell) => (await import("./config.ts")).configCommand(shell),
  },
];

interface Group {
  readonly name: string;
  readonly description: string;
  /** `config`: of the gateway whose files the command reads, once the command runs. */
  load(shell: Shell, config: () => Config): Promise<Command>;
}

async function addGroups(
  program: Command,
  shell: Shell,
  asked: string | undefined,
  config: () => Config,
): Promise<void> {
  for (const group of GROUPS) {
    if (group.name !== asked) program.command(group.name).description(group.description);
    else program.addCommand(inherit(await loadGroup(group, shell, config), program));
  }
}

/** In a group's own help stands what the list of commands says of it. */
async function loadGroup(group: Group, shell: Shell, config: () => Config): Promise<Command> {
  const command = await group.load(shell, config);
  return command.description(group.description);
}

/** Commands made elsewhere must answer and fail as ours do. */
function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program);
  for (const inner of command.commands) inherit(inner, command);
  const takesData = command.options.some(({ long }) => long === "--data");
  const takesConfig = command.options.some(({ long }) => long === "--config");
  if (takesData && !takesConfig) command.option("--config <file>", "config file");
  return command;
}

function known(error: unknown): unknown {
  if (isRefusedFile(error)) return filesRefused(error);
  if (error instanceof NewerDatabase) {
    const remedy = "update this one; to go back, restore a copy of the data directory";
    return new CommandFailure(EXIT.unavailable, error.message, remedy);
  }
  if (!(error instanceof StoreFault)) return error;
  return new CommandFailure(EXIT.unavailable, error.message, error.remedy);
}

/** One shape for every error, whatever raised it. */
function explain(error: unknown, shell: Shell): number {
  if (error instanceof CommanderError) {
    // Commander has printed it already; help and version are not failures.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const failure = known(error);
  if (!(failure instanceof CommandFailure)) throw failure;
  shell.err(`sallyport: ${failure.message}\n`);
  if (failure.remedy !== undefined) shell.err(`  help: ${failure.remedy}\n`);
  return failure.exitCode;
}
