import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import { SIGNING_KEY_FILE } from "../../app/config/resolve-ledger.ts";
import { followLedger } from "../../stores/ledger/follow-ledger.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { indexPlace, type IndexPlace } from "../../stores/ledger-index/index-place.ts";
import { chainsOf, findExchange, readLast } from "../../stores/ledger/read-ledger.ts";
import { type ReadEntry } from "../../stores/ledger/read-line.ts";
import { CommandFailure } from "../command-failure.ts";
import { EXIT } from "../exit-code.ts";
import { addReindexCommand } from "./ledger-index.ts";
import { addProofCommands } from "./ledger-evidence.ts";
import { json, noLedger, readable, withData, type DataOption } from "./ledger-reading.ts";
import { addRetentionCommands, type RetentionConfig } from "./ledger-retention.ts";
import { entryLine, exchangeLines } from "./ledger-view.ts";
import type { Shell } from "../shell.ts";

export type LedgerPlaces = RetentionConfig;

const TAIL_MAX = 10_000;
const FOLLOW_MS = 250;

/** `config` is asked only where the command line does not say. */
export function ledgerCommand(shell: Shell, config: () => LedgerPlaces): Command {
  const command = new Command("ledger");
  const dataOf = ({ data }: DataOption): string =>
    data === undefined ? config().dataDirectory : resolve(shell.workingDirectory, data);
  const directoryOf = (options: DataOption): string => ledgerDirectory(dataOf(options));
  const indexOf = (options: DataOption): IndexPlace =>
    indexPlace(dataOf(options), options.data === undefined ? config().directoryUrl : undefined);

  withData(command.command("tail").description("print the newest records, one line each"))
    .option("-n, --lines <number>", "how many", lineCount, 20)
    .option("-f, --follow", "go on as new ones are written")
    .option("--json", "the records as they are written, one a line")
    .action((options) => tail(options, directoryOf(options), shell));
  withData(command.command("show").description("print all that is recorded of one exchange"))
    .argument("<exchange>", "its id, as the answer's headers name it")
    .option("--json", "both records as they are written")
    .action((exchange, options) => show(exchange, options, directoryOf(options), shell));
  // A data directory brings its own key along; one that is kept elsewhere only the config knows.
  const signingKeyFile = (options: DataOption): string => {
    const own = join(dataOf(options), SIGNING_KEY_FILE);
    return options.data !== undefined && existsSync(own) ? own : config().ledger.signingKeyFile;
  };
  addProofCommands(command, { shell, directoryOf, indexOf, signingKeyFile });
  addReindexCommand(command, { shell, indexOf });
  addRetentionCommands(command, shell, config);
  return command;
}

interface TailOptions {
  readonly lines: number;
  readonly follow?: true;
  readonly json?: true;
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
  const last = await readable(() => readLast(directory, options.lines));
  if (last.length === 0 && follow === undefined) await expectLedger(directory);
  for (const read of last) print(read);
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
    await expectLedger(directory);
    throw new CommandFailure(EXIT.failure, `no record names the exchange ${exchange}`);
  }
  const { intent, outcome } = found;
  if (options.json === true) {
    shell.out(json({ intent: recordOf(intent), outcome: recordOf(outcome) }));
  } else {
    shell.out(`${exchangeLines(found).join("\n")}\n`);
  }
}

async function expectLedger(directory: string): Promise<void> {
  const chains = await readable(() => chainsOf(directory));
  if (chains.length === 0) throw noLedger(directory);
}

function recordOf(read: ReadEntry | undefined) {
  return read === undefined ? null : { hash: read.hash, record: read.record };
}

function lineCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0 && count <= TAIL_MAX) return count;
  throw new InvalidArgumentError(`a number from 0 to ${TAIL_MAX} is needed`);
}
