/** `sallyport ledger hold | holds | release | prune | erase`: what may leave the record. */
import type { Command } from "commander";
import { openRetention } from "../app/ports/open-retention.ts";
import type { Config } from "../app/config/config.ts";
import type { Answer } from "../core/fault.ts";
import { DEFAULT_TENANT } from "../core/identity/tenant.ts";
import { type Instant } from "../core/units.ts";
import {
  erasePerson,
  placeHold,
  pruneLedger,
  releaseHold,
  type RetentionPorts,
} from "../operations/records/retention.ts";
import { indexPlace } from "../stores/ledger-index/index-place.ts";
import { ledgerDirectory } from "../stores/ledger/ledger-layout.ts";
import { openLedger } from "../stores/ledger/open-ledger.ts";
import { personalFile, SqlitePersonalStore } from "../stores/sqlite/personal-store.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";
import { time } from "./ledger-reading.ts";
import type { Shell } from "./shell.ts";
import { now } from "../app/now.ts";

export type RetentionConfig = Pick<Config, "dataDirectory" | "directoryUrl" | "ledger">;

const BY = "command line";

type Run = <T>(
  work: (ports: RetentionPorts) => Promise<Answer<T>>,
  say: (value: T) => string,
) => Promise<void>;

export function addRetentionCommands(
  command: Command,
  shell: Shell,
  config: () => RetentionConfig,
): void {
  const run: Run = (work, say) =>
    withRetention(config(), work).then((value) => shell.out(`${say(value)}\n`));

  command
    .command("hold <reason>")
    .description("keep records, and what is kept about people, whatever else is asked")
    .option("--from <time>", "records not before", time)
    .option("--to <time>", "records before", time)
    .option("--person <name>", "of what is kept about people, theirs only")
    .action((reason, { from, to, person }: HoldOptions) =>
      run(
        (ports) => placeHold(BY, { reason, from, to, person }, ports),
        ({ id }) => id,
      ),
    );
  command
    .command("holds")
    .description("the legal holds in force")
    .action(async () => {
      using opened = openRetention({ config: config(), ledger: NO_LEDGER, index: NO_INDEX, now });
      for (const { id, at, by, reason } of await opened.ports.retention.holds()) {
        shell.out(`${id}  ${new Date(at).toISOString()}  ${by}: ${reason}\n`);
      }
    });
  command
    .command("release <hold>")
    .description("end a legal hold")
    .action((hold) =>
      run(
        (ports) => releaseHold(BY, hold, ports),
        ({ id }) => `${id} is released`,
      ),
    );
  addRemovals(command, run);
}

function addRemovals(command: Command, run: Run): void {
  command
    .command("prune")
    .description("remove old records, whole segments at a time; their hashes stay")
    .requiredOption("--before <time>", "what ended before", time)
    .requiredOption("--reason <text>", "stands on the record")
    .action(({ before, reason }: PruneOptions) =>
      run(
        (ports) => pruneLedger(BY, before, reason, ports),
        ({ segments, records, kept }) =>
          `${records} records in ${segments} segments are removed; held: ${kept} segments`,
      ),
    );
  command
    .command("erase <person>")
    .description("erase what is kept about a person; records keep a token that says nothing")
    .requiredOption("--reason <text>", "stands on the record")
    .action((person, { reason }: { readonly reason: string }) =>
      run(
        (ports) => erasePerson({ tenant: DEFAULT_TENANT, by: BY }, person, reason, ports),
        ({ tokens }) => `erased; the records say ${tokens.join(", ")}`,
      ),
    );
}

interface HoldOptions {
  readonly from?: Instant;
  readonly to?: Instant;
  readonly person?: string;
}

interface PruneOptions {
  readonly before: Instant;
  readonly reason: string;
}

async function withRetention<T>(
  config: RetentionConfig,
  work: (ports: RetentionPorts) => Promise<Answer<T>>,
): Promise<T> {
  const { dataDirectory, directoryUrl: url } = config;
  const directory = ledgerDirectory(dataDirectory);
  const { openLedgerIndex } = await import("../stores/ledger-index/open-ledger-index.ts");
  using personal = new SqlitePersonalStore(personalFile(dataDirectory), () => undefined);
  await using index = await openLedgerIndex(indexPlace(dataDirectory, url));
  await using ledger = await openLedger({ directory, now, report: () => undefined, personal });
  using opened = openRetention({ config, ledger, index, now });
  const answer = await work(opened.ports);
  if (answer.kind === "done") return answer.value;
  throw new CommandFailure(EXIT.failure, answer.fault.detail);
}

/** For looking only. */
const NO_LEDGER = { healthy: false, change: async () => false };
const NO_INDEX = { drop: async () => undefined, forgetPerson: async () => undefined };
