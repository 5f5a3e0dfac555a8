/** `sallyport policy simulate`: what other policies would have made of recorded traffic. */
import { Option, type Command } from "commander";
import type { Entry } from "../../core/ledger/entry.ts";
import type { ReplayPolicies } from "../../core/replay/replay-call.ts";
import type { Instant } from "../../core/units.ts";
import { simulateTraffic, type Traffic } from "../../operations/policies/simulate-traffic.ts";
import { simulationJson } from "../../manage/native/simulation-json.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { readEntries } from "../../stores/ledger/read-ledger.ts";
import { CommandFailure } from "../command-failure.ts";
import { loadFor } from "../config-options.ts";
import { EXIT } from "../exit-code.ts";
import { json, readable, time } from "../ledger/ledger-reading.ts";
import { openCandidate, openPolicyDirectory, type PolicyDirectory } from "./policy-directory.ts";
import { refusePolicies, showPolicyProblems } from "./policy-problems.ts";
import type { Shell } from "../shell.ts";
import { simulationLines } from "./simulation-view.ts";
import { since } from "./time-span.ts";

/** Records looked at by one command. */
const RECORDS_MAX = 5_000_000;
const SINCE_DEFAULT = "7d";

export interface TrafficOptions {
  readonly since: Instant;
  readonly until?: Instant;
  readonly agent?: string;
  readonly tenant?: string;
  readonly data?: string;
  readonly config?: string;
}

interface SimulateOptions extends TrafficOptions {
  readonly strict?: true;
  readonly json?: true;
}

export function addSimulate(parent: Command, shell: Shell): void {
  const command = parent
    .command("simulate")
    .description("show what these policies would have decided about the recorded traffic")
    .argument(
      "[candidate]",
      "a directory, or a file to be put into the configured one (default: as configured)",
    );
  withTraffic(command)
    .option("--strict", "end with 1 where a verdict changes")
    .option("--json", "print JSON, for programs")
    .action((candidate: string | undefined, options: SimulateOptions) =>
      simulate(candidate, options, shell),
    );
}

export function withTraffic(command: Command): Command {
  return command
    .addOption(sinceOption())
    .option("--until <time>", "a day or time", time)
    .option("--agent <id>", "of one agent only")
    .option("--tenant <id>", "of one tenant only")
    .option("--config <file>", "the configuration that names the directories")
    .option("--data <dir>", "the data directory (default: as configured)");
}

/** The default is read when the command is made, and shown as a person would write it. */
function sinceOption(): Option {
  return new Option("--since <span>", "7d, 24h, or a day or time")
    .argParser(since)
    .default(since(SINCE_DEFAULT), SINCE_DEFAULT);
}

async function simulate(
  candidate: string | undefined,
  options: SimulateOptions,
  shell: Shell,
): Promise<void> {
  const policies = compiledOf(openCandidate(candidate, options.config, shell), shell);
  const decided = policiesInForce(options, shell);
  const done = await readable(() =>
    simulateTraffic(recordedTraffic(options, shell), policies, decided),
  );
  if (options.json === true) shell.out(json(simulationJson(done)));
  else shell.out(`${simulationLines(done).join("\n")}\n`);
  if (options.strict === true && done.changed > 0) {
    throw new CommandFailure(EXIT.failure, `${done.changed} verdicts change`);
  }
}

/** They made the record, if nobody has changed them since; a gateway may have others. */
export function policiesInForce(
  { config }: TrafficOptions,
  shell: Shell,
): ReplayPolicies | undefined {
  const { reply } = openPolicyDirectory(undefined, config, shell);
  return reply.kind === "ok" ? { digest: reply.snapshot.digest, rules: reply.rules } : undefined;
}

export function recordedTraffic(options: TrafficOptions, shell: Shell): Traffic {
  const { agent, tenant, until, since: from } = options;
  const data = options.data ?? loadFor({ config: options.config }, shell).config.dataDirectory;
  const entries = entriesOf(ledgerDirectory(data), from);
  return { entries, filter: { agent, tenant, to: until }, max: RECORDS_MAX };
}

async function* entriesOf(directory: string, from: Instant): AsyncGenerator<Entry> {
  for await (const { entry } of readEntries(directory, { from })) yield entry;
}

function compiledOf(opened: PolicyDirectory, shell: Shell): ReplayPolicies {
  const { reply, problems } = opened;
  if (reply.kind === "ok" && problems.length === 0) {
    return { digest: reply.snapshot.digest, rules: reply.rules };
  }
  showPolicyProblems(opened, shell);
  return refusePolicies(opened);
}
