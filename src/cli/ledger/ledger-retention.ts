/** `sallyport ledger hold | holds | release | prune | erase`: what may leave the record. */
import type { Command } from "commander";
import { NOBODY_TOLD } from "../../app/observe/store-events.ts";
import { prepareDataDirectory } from "../../app/ports/data-directory.ts";
import { openOrderStore } from "../../app/ports/open-order-store.ts";
import { openRetention, type IndexedCopy } from "../../app/ports/open-retention.ts";
import { openConfiguredRedis } from "../../app/ports/open-shared-redis.ts";
import type { Config } from "../../app/config/config.ts";
import type { Answer } from "../../core/fault.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { type Instant } from "../../core/units.ts";
import {
  erasePerson,
  placeHold,
  pruneLedger,
  releaseHold,
  type OrderedBy,
  type ReplicaStanding,
  type RetentionPorts,
  type Standing,
} from "../../operations/records/retention.ts";
import { erasureJson, holdJson } from "../../manage/native/order-json.ts";
import { listStandings } from "../../operations/records/show-standings.ts";
import { indexPlace } from "../../stores/ledger-index/index-place.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { openLedger } from "../../stores/ledger/open-ledger.ts";
import { personalFile, SqlitePersonalStore } from "../../stores/sqlite/personal-store.ts";
import { CommandFailure } from "../command-failure.ts";
import { EXIT } from "../exit-code.ts";
import { time } from "./ledger-reading.ts";
import type { Shell } from "../shell.ts";
import { now } from "../../app/now.ts";

/** Lines that one list shows. */
const SHOWN_MAX = 1_000;

export type RetentionConfig = Pick<Config, "dataDirectory" | "directoryUrl" | "ledger" | "store">;

const BY: OrderedBy = { tenant: DEFAULT_TENANT, by: "command line" };

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

  configured(command.command("hold <reason>"))
    .description("begin a legal hold: what it names is neither pruned nor erased")
    .option("--from <time>", "records not before", time)
    .option("--to <time>", "records before", time)
    .option("--person <name>", "of what is kept about people, theirs only")
    .action((reason, { from, to, person }: HoldOptions) =>
      run(
        (ports) => placeHold(BY, { reason, from, to, person }, ports),
        (standing) => [standing.order.id, ...elsewhere(standing)].join("\n"),
      ),
    );
  configured(command.command("release <hold>"))
    .description("end a legal hold")
    .action((hold) =>
      run(
        (ports) => releaseHold(BY, hold, ports),
        (standing) => [`${standing.order.id} is released`, ...elsewhere(standing)].join("\n"),
      ),
    );
  addLists(command, (work) => looking(config(), work).then((text) => shell.out(`${text}\n`)));
  addRemovals(command, run);
}

/** Read by whoever gave us `config`. */
function configured(command: Command): Command {
  return command.option("--config <file>", "config file (default: ./sallyport.yaml)");
}

type Look = (work: (ports: RetentionPorts) => Promise<string>) => Promise<void>;

function addLists(command: Command, look: Look): void {
  const query = { tenant: DEFAULT_TENANT, limit: SHOWN_MAX };
  configured(command.command("holds"))
    .description("list the legal holds in force, and on which replicas' ledgers they are")
    .option("--json", "print JSON, for programs")
    .action((options: ListOptions) =>
      look(async (ports) => {
        const found = await listStandings("hold", query, ports, isInForce);
        return options.json === true ? listJson(found.map(holdJson)) : linesOf(found);
      }),
    );
  configured(command.command("erasures"))
    .description("list who was erased, as tokens, and which replicas have done it")
    .option("--json", "print JSON, for programs")
    .action((options: ListOptions) =>
      look(async (ports) => {
        const found = await listStandings("erasure", query, ports);
        return options.json === true ? listJson(found.map(erasureJson)) : linesOf(found);
      }),
    );
}

interface ListOptions {
  readonly json?: true;
}

/** As the API shows them. */
function listJson(found: readonly object[]): string {
  return JSON.stringify(found, undefined, 2);
}

const isInForce = ({ body }: Entry<"hold">): boolean => body.released === undefined;

function linesOf(standings: readonly (Standing<"hold"> | Standing<"erasure">)[]): string {
  if (standings.length === 0) return "none";
  return standings
    .flatMap(({ order: { id, createdAt, body }, replicas }) => [
      `${id}  ${new Date(createdAt).toISOString()}  ${body.by}: ${body.reason}`,
      ...replicas.map(replicaLine),
    ])
    .join("\n");
}

function elsewhere({ replicas }: Pick<Standing<"hold">, "replicas">): string[] {
  return replicas.filter(({ isThis }) => !isThis).map(replicaLine);
}

function replicaLine({ host, replica, isThis, state, seenAt }: ReplicaStanding): string {
  const seen = isThis ? "this one" : `seen ${new Date(seenAt).toISOString()}`;
  return `  ${state.padEnd(8)}  ${host}  ${replica}  (${seen})`;
}

function addRemovals(command: Command, run: Run): void {
  configured(command.command("prune"))
    .description("remove old records, whole segments at a time; their hashes stay")
    .requiredOption("--before <time>", "what ended before", time)
    .requiredOption("--reason <text>", "stands on the record")
    .action(({ before, reason }: PruneOptions) =>
      run(
        (ports) => pruneLedger(BY.by, before, reason, ports),
        ({ segments, records, kept }) =>
          `${records} records in ${segments} segments are removed; held: ${kept} segments`,
      ),
    );
  configured(command.command("erase <person>"))
    .description("erase what is kept about a person; records keep a token that says nothing")
    .requiredOption("--reason <text>", "stands on the record")
    .action((person, { reason }: { readonly reason: string }) =>
      run(
        (ports) => erasePerson(BY, person, reason, ports),
        (standing) => [erasedLine(standing), ...elsewhere(standing)].join("\n"),
      ),
    );
}

function erasedLine({ replicas }: Standing<"erasure">): string {
  const own = replicas.find(({ isThis }) => isThis);
  if (own?.state !== "erased") return "ordered; this machine has not come to it: ledger erasures";
  if (own.tokens.length === 0) return "nothing is kept about them here";
  return `erased; the records say ${own.tokens.join(", ")}`;
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
  const { openLedgerIndex } = await import("../../stores/ledger-index/open-ledger-index.ts");
  prepareDataDirectory(dataDirectory);
  await using started = new AsyncDisposableStack();
  const personal = started.use(
    new SqlitePersonalStore(personalFile(dataDirectory), () => undefined),
  );
  const index = started.use(await openLedgerIndex(indexPlace(dataDirectory, url)));
  const ledger = started.use(
    await openLedger({ directory, now, report: () => undefined, personal }),
  );
  const redis = await openConfiguredRedis(config, NOBODY_TOLD, started);
  const store = await openOrderStore(config, redis, started);
  const upToDate: IndexedCopy = {
    async page(query) {
      await index.feed();
      return index.page(query);
    },
    drop: (writer, seq) => index.drop(writer, seq),
    forgetPerson: (person) => index.forgetPerson(person),
  };
  const opened = started.use(openRetention({ config, ledger, index: upToDate, store, now }));
  const answer = await work(opened.ports);
  if (answer.kind === "done") return answer.value;
  throw new CommandFailure(EXIT.failure, answer.fault.detail);
}

/** Nothing is recorded of a look. */
async function looking<T>(
  config: RetentionConfig,
  work: (ports: RetentionPorts) => Promise<T>,
): Promise<T> {
  prepareDataDirectory(config.dataDirectory);
  await using started = new AsyncDisposableStack();
  const redis = await openConfiguredRedis(config, NOBODY_TOLD, started);
  const store = await openOrderStore(config, redis, started);
  const closed = { config, ledger: NO_LEDGER, index: NO_INDEX, store, now };
  const opened = started.use(openRetention(closed));
  // Awaited here: what is open is closed when this function ends.
  return await work(opened.ports);
}

const NO_LEDGER = { healthy: false, change: async () => false };
const NO_INDEX: IndexedCopy = {
  page: async () => ({ records: [], next: undefined }),
  drop: async () => undefined,
  forgetPerson: async () => undefined,
};
