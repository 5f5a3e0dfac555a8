/** The directory as commands use it: the files of a gateway that runs or not. */
import type { Command } from "commander";
import { prepareDataDirectory } from "../../app/ports/data-directory.ts";
import type { Config } from "../../app/config/config.ts";
import { NOBODY_TOLD } from "../../app/observe/store-events.ts";
import { openDirectoryStore } from "../../app/ports/open-directory-store.ts";
import { openSessionStore } from "../../app/ports/open-session-store.ts";
import { openConfiguredRedis } from "../../app/ports/open-shared-redis.ts";
import type { Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { SessionStore } from "../../core/session/session.ts";
import { id, type TenantId } from "../../core/units.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { openLedger } from "../../stores/ledger/open-ledger.ts";
import { CommandFailure } from "../command-failure.ts";
import { loadFor } from "../config-options.ts";
import { EXIT } from "../exit-code.ts";
import type { Shell } from "../shell.ts";
import { now } from "../../app/now.ts";

export type Options = Readonly<Record<string, unknown>>;

export interface DirectoryDesk {
  /** Whoever may write the data directory is its administrator. */
  readonly caller: Caller;
  readonly ports: IdentityPorts;
  /** Marks of sessions, opened for those who ask. */
  readonly sessions: () => Promise<SessionStore>;
  /** Agents of the configuration. */
  readonly listed: ReadonlySet<string>;
}

/** Options of a command that is about one tenant's. */
export function onDirectory(command: Command): Command {
  return onInstallation(command).option(
    "--tenant <id>",
    "the tenant that it is about (default: default)",
  );
}

export function onInstallation(command: Command): Command {
  return command
    .option("--data <dir>", "the data directory (default: as configured)")
    .option("--config <file>", "config file (default: ./sallyport.yaml, else a sample)")
    .option("--json", "print JSON, for programs");
}

/** What `use` changes is on a chain of its own: the gateway's are locked while it runs. */
export async function atDesk<T>(
  options: Options,
  shell: Shell,
  use: (desk: DirectoryDesk) => Promise<T>,
): Promise<T> {
  const { config } = loadFor(options, shell);
  await using opened = await open(config);
  const caller = operator(shell, await tenantOf(options, opened.ports));
  const listed = new Set(config.agents.map((agent) => agent.name));
  // Awaited here: what is open is closed when this function ends.
  return await use({ caller, ports: opened.ports, sessions: opened.sessions, listed });
}

export async function tenantOf(
  options: Options,
  { store }: Pick<IdentityPorts, "store">,
): Promise<TenantId> {
  const named = textOf(options, "tenant");
  if (named === undefined || named === DEFAULT_TENANT) return DEFAULT_TENANT;
  if ((await store.get("tenant", named)) !== undefined) return id(named);
  const remedy = `sallyport tenants create ${named}`;
  throw new CommandFailure(EXIT.failure, `there is no tenant ${named}`, remedy);
}

/** Whoever types the command. */
export function operator({ environment }: Shell, tenant: TenantId): Caller {
  const name = environment["USER"] ?? environment["LOGNAME"] ?? "the command line";
  return { kind: "cli", id: "cli", name, tenant, role: "admin", scopes: [], agent: undefined };
}

/** Ends the command with the fault's words where there is no value. */
export function valueOf<T>(answer: Answer<T>): T {
  if (answer.kind === "done") return answer.value;
  throw new CommandFailure(EXIT.failure, answer.fault.detail);
}

export function print(
  lines: readonly string[],
  json: unknown,
  options: Options,
  shell: Shell,
): void {
  if (options["json"] === true) shell.out(`${JSON.stringify(json, undefined, 2)}\n`);
  else if (lines.length === 0) shell.err("none\n");
  else for (const line of lines) shell.out(`${line}\n`);
}

export function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

export function textsOf(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

type Opened = AsyncDisposable & Pick<DirectoryDesk, "ports" | "sessions">;

async function open(config: Config): Promise<Opened> {
  const { dataDirectory } = config;
  prepareDataDirectory(dataDirectory);
  await using started = new AsyncDisposableStack();
  const redis = await openConfiguredRedis(config, NOBODY_TOLD, started);
  const store = started.use(await openDirectoryStore(config, redis));
  const directory = ledgerDirectory(dataDirectory);
  const ledger = started.use(await openLedger({ directory, now, report: () => undefined }));
  const owned = started.move();
  return {
    ports: { store, ledger, now },
    sessions: () => openSessionStore(config, redis, owned),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
