import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import { id } from "../core/units.ts";
import type { RecordedHead } from "../stores/ledger/check-chain.ts";
import { followLedger } from "../stores/ledger/follow-ledger.ts";
import { ledgerDirectory } from "../stores/ledger/ledger-layout.ts";
import { findExchange, readLast, type ReadEntry } from "../stores/ledger/read-ledger.ts";
import { verifyLedger, type ChainReport } from "../stores/ledger/verify-ledger.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";
import { chainLines, entryLine, exchangeLines } from "./ledger-view.ts";
import type { Shell } from "./shell.ts";

const TAIL_MAX = 10_000;
const FOLLOW_MS = 250;

/** `dataDirectory` answers for a command line without `--data`. */
export function ledgerCommand(shell: Shell, dataDirectory: () => string): Command {
  const command = new Command("ledger").description("look at the record, and prove it whole");
  const directoryOf = ({ data }: DataOption): string =>
    ledgerDirectory(data === undefined ? dataDirectory() : resolve(shell.workingDirectory, data));

  withData(command.command("tail").description("the newest records, one line each"))
    .option("-n, --lines <number>", "how many", lineCount, 20)
    .option("-f, --follow", "go on as new ones are written")
    .option("--json", "the records as they are written, one a line")
    .action((options) => tail(options, directoryOf(options), shell));
  withData(command.command("show").description("all that is recorded of one exchange"))
    .argument("<exchange>", "its id, as the answer's headers name it")
    .option("--json", "both records as they are written")
    .action((exchange, options) => show(exchange, options, directoryOf(options), shell));
  withData(command.command("verify").description("check every byte and link of every chain"))
    .option("--head <writer:seq:hash>", "a head noted earlier; may be repeated", head, [])
    .option("--json", "for programs")
    .addHelpText("after", VERIFY_HELP)
    .action((options) => verify(options, directoryOf(options), shell));
  return command;
}

const VERIFY_HELP = `
Exit codes: 0 whole, 1 tampered with, 2 cannot be read.
Files alone do not show that a chain's end was cut off cleanly. Note the heads that this command
prints somewhere else, and give them back with --head.`;

interface DataOption {
  readonly data?: string;
}

interface TailOptions {
  readonly lines: number;
  readonly follow?: true;
  readonly json?: true;
}

interface VerifyOptions {
  readonly head: readonly RecordedHead[];
  readonly json?: true;
}

function withData(command: Command) {
  return command.option("--data <dir>", "the data directory (default: as configured)");
}

async function tail(options: TailOptions, directory: string, shell: Shell): Promise<void> {
  const printed = new Map<string, number>();
  const print = ({ entry, hash, record }: ReadEntry): void => {
    if (entry.seq <= (printed.get(entry.writer) ?? -1)) return;
    printed.set(entry.writer, entry.seq);
    shell.out(options.json === true ? json({ hash, record }) : `${entryLine(entry)}\n`);
  };
  // Begun before the last ones are read: a record may be seen twice, but none is missed.
  const follow =
    options.follow === true ? await readable(() => followLedger(directory)) : undefined;
  for (const read of await readable(() => readLast(directory, options.lines))) print(read);
  while (follow !== undefined) {
    for (const read of await readable(follow)) print(read);
    await pause(FOLLOW_MS);
  }
}

async function show(
  exchange: string,
  options: { readonly json?: true },
  directory: string,
  shell: Shell,
): Promise<void> {
  const found = await readable(() => findExchange(directory, exchange));
  if (found === undefined) {
    throw new CommandFailure(EXIT.failure, `no record names the exchange ${exchange}`);
  }
  const { intent, outcome } = found;
  if (options.json === true) {
    shell.out(json({ intent: recordOf(intent), outcome: recordOf(outcome) }));
  } else {
    shell.out(`${exchangeLines(found).join("\n")}\n`);
  }
}

async function verify(options: VerifyOptions, directory: string, shell: Shell): Promise<void> {
  const reports: ChainReport[] = [];
  await readable(async () => {
    for await (const report of verifyLedger(directory, options.head)) {
      reports.push(report);
      if (options.json !== true) shell.out(`${chainLines(report).join("\n")}\n`);
    }
  });
  const broken = reports.filter(({ problems }) => problems.length > 0).length;
  const ok = broken === 0;
  if (reports.length === 0) {
    throw new CommandFailure(EXIT.usage, `there is no ledger in ${directory}`);
  }
  if (options.json === true) shell.out(json({ ok, chains: reports.map(reportRecord) }));
  else if (ok) shell.out("whole\n");
  if (!ok) {
    const chains = broken === 1 ? "a chain is" : `${broken} chains are`;
    throw new CommandFailure(EXIT.failure, `${chains} not as written`);
  }
}

function reportRecord({ problemsOmitted, ...report }: ChainReport) {
  return { ...report, problems_omitted: problemsOmitted };
}

function recordOf(read: ReadEntry | undefined) {
  return read === undefined ? null : { hash: read.hash, record: read.record };
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** What the disk refuses to show is neither whole nor broken. */
async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `the ledger cannot be read: ${why}`);
  }
}

function lineCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0 && count <= TAIL_MAX) return count;
  throw new InvalidArgumentError(`a number from 0 to ${TAIL_MAX} is needed`);
}

function head(text: string, before: readonly RecordedHead[]): readonly RecordedHead[] {
  const [writer = "", seq = "", hash = "", ...rest] = text.split(":");
  if (rest.length > 0 || !/^\d+$/u.test(seq) || !/^[0-9a-f]{64}$/u.test(hash)) {
    throw new InvalidArgumentError("writer:seq:hash is needed, as verify prints it");
  }
  return [...before, { writer, seq: Number(seq), hash: id(hash) }];
}
