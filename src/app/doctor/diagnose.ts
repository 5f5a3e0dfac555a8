/** What `sallyport doctor` looks at: each look is independent, and none changes anything. */
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { compilePolicies } from "../../core/policy/compile-policy.ts";
import { SecretsUnreachable } from "../../core/secret/secret-store.ts";
import { isOwnSecret } from "../../core/secret/own-secret.ts";
import { borrowersOf } from "../../core/secret/borrowers.ts";
import { messageOf } from "../../lib/caught.ts";
import { counted } from "../../lib/counted.ts";
import { wallMillis } from "../../lib/clock.ts";
import { createFileSecretStore } from "../../stores/vault/file-secret-store.ts";
import { vaultPath } from "../../stores/vault/vault-file.ts";
import { LocalVault } from "../../stores/vault/local-vault.ts";
import { createRemoteFetch } from "../../stores/vault/remote-fetch.ts";
import { vaultKeyOf } from "../ports/vault-key-source.ts";
import type { Config, ListenerConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { openCounters } from "../ports/open-counters.ts";
import { readPolicyFiles } from "../policies/policy-files.ts";
import { readPrices } from "../prices/read-prices.ts";
import { diagnoseCertificate } from "./diagnose-certificate.ts";
import { diagnoseDirectory } from "./diagnose-directory.ts";
import { diagnoseForwardProxy } from "./diagnose-forward-proxy.ts";
import { diagnoseMail } from "./diagnose-mail.ts";
import { diagnoseOpenFiles } from "./diagnose-open-files.ts";
import { diagnoseUpstream } from "./diagnose-upstream.ts";
import { diagnoseSink } from "./diagnose-sinks.ts";
import { isDataPlane, isManagement } from "./is-sallyport.ts";
import { tryPort } from "./try-port.ts";
import { NOBODY_TOLD } from "../observe/store-events.ts";
import { StoreFault } from "../ports/store-fault.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { readToolSchemas } from "../policies/tool-schemas.ts";
import { now } from "../now.ts";

export interface Finding {
  readonly name: string;
  readonly state: "ok" | "warning" | "problem";
  readonly detail: string;
  readonly remedy: string | undefined;
}

const NODE_MAJOR_MIN = 24;
const DISK_FREE_MIN_BYTES = 512 * 1024 * 1024;
/** A clock before this program was written makes budgets and records meaningless. */
const CLOCK_MIN_MS = Date.UTC(2026, 0, 1);

export async function diagnose(
  config: Config,
  environment: Environment,
): Promise<readonly Finding[]> {
  return [
    nodeVersion(),
    clock(),
    { name: "config", state: "ok", detail: config.file ?? "built-in sample", remedy: undefined },
    policies(config),
    prices(config),
    dataDirectory(config),
    diskSpace(config),
    ...diagnoseOpenFiles(config.limits.connectionsMax),
    await portFree("listen", config.listen, isDataPlane),
    await portFree("manage", config.manage, isManagement),
    ...(await diagnoseCertificate("listen", config.listen)),
    ...(await diagnoseCertificate("manage", config.manage)),
    ...diagnoseForwardProxy(config),
    ...(await sharedStore(config)),
    ...(await Promise.all(config.ledger.sinks.map(diagnoseSink))),
    ...(await diagnoseDirectory(config)),
    ...(await ownVault(config)),
    ...(await credentials(config, environment)),
    ...(await diagnoseMail(config)),
    ...proxySettings(environment),
    ...(await Promise.all(
      config.upstreams.map((one) => diagnoseUpstream(one, environment["PATH"])),
    )),
  ];
}

function nodeVersion(): Finding {
  const [major = 0] = process.versions.node.split(".").map(Number);
  return major >= NODE_MAJOR_MIN
    ? ok("node", process.versions.node)
    : problem("node", process.versions.node, `install Node ${NODE_MAJOR_MIN} LTS`);
}

function clock(): Finding {
  const now = new Date(wallMillis());
  return now.getTime() >= CLOCK_MIN_MS
    ? ok("clock", now.toISOString())
    : problem("clock", now.toISOString(), "set the clock: budgets and records depend on it");
}

function policies(config: Config): Finding {
  const { policiesDirectory } = config;
  const files = readPolicyFiles(policiesDirectory);
  const reply = compilePolicies(files.sources, readToolSchemas(config));
  const found = reply.kind === "problems" ? reply.problems : [];
  const count = files.problems.length + found.length;
  if (reply.kind === "problems" || count > 0) {
    return problem(
      "policies",
      `${counted(count, "problem")} in ${policiesDirectory}`,
      "sallyport policy check",
    );
  }
  const detail = `${counted(reply.snapshot.ruleCount, "rule")} in ${policiesDirectory}`;
  return reply.snapshot.ruleCount > 0
    ? ok("policies", detail)
    : warning("policies", detail, "without a rule everything is denied: sallyport init");
}

function prices(config: Config): Finding {
  const { overlay, problems } = readPrices(config.prices, now());
  return problems.length > 0
    ? problem("prices", counted(problems.length, "problem"), "sallyport prices check")
    : ok("prices", `${overlay.overrides.length} of your own over the bundled catalogue`);
}

function dataDirectory({ dataDirectory: directory }: Config): Finding {
  try {
    accessSync(existing(directory), constants.W_OK | constants.X_OK);
  } catch {
    return problem("data_dir", `${directory} cannot be written`, "chmod it, or use --data");
  }
  const open = existsSync(directory) && (statSync(directory).mode & 0o077) !== 0;
  return open
    ? warning("data_dir", `${directory} is open to other users`, `chmod 700 ${directory}`)
    : ok("data_dir", directory);
}

function diskSpace({ dataDirectory: directory }: Config): Finding {
  const { bavail, bsize } = statfsSync(existing(directory));
  const free = bavail * bsize;
  const detail = `${Math.floor(free / 1024 / 1024)} MiB free`;
  return free >= DISK_FREE_MIN_BYTES
    ? ok("disk", detail)
    : warning("disk", detail, "a full disk stops all traffic: nothing goes out unrecorded");
}

/** The directory, or the nearest one above it that is there. */
function existing(directory: string): string {
  return existsSync(directory) ? directory : existing(dirname(directory));
}

/** Where a gate listens already, this is its doctor. */
async function portFree(
  name: string,
  address: ListenerConfig,
  isOurs: (address: ListenerConfig) => Promise<boolean>,
): Promise<Finding> {
  const place = `${address.host}:${address.port}`;
  try {
    await tryPort(address);
    return ok(name, `${place} is free`);
  } catch (error) {
    if (await isOurs(address)) return ok(name, `${place} is where Sallyport is running`);
    const remedy = `another program listens there: stop it, or choose another ${name}.port`;
    return problem(name, `${place} ${messageOf(error)}`, remedy);
  }
}

/** Looked at as a start would: a store that must not be used is a problem, one that is away too. */
async function sharedStore(config: Config): Promise<readonly Finding[]> {
  if (config.store.kind === "embedded") return [];
  try {
    await using counters = await openCounters({
      config,
      shared: false,
      now,
      events: NOBODY_TOLD,
    });
    const { reachable, detail } = counters.report();
    const remedy = "check `store`, the network and the password";
    return [reachable ? ok("store", detail) : problem("store", detail, remedy)];
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    return [problem("store", error.message, error.remedy)];
  }
}

/** Nothing where nothing was stored: then there is no vault to be broken. */
async function ownVault(config: Config): Promise<readonly Finding[]> {
  const { dataDirectory: directory } = config;
  if (!existsSync(vaultPath(directory))) return [];
  try {
    const store = createFileSecretStore({ directory, key: vaultKeyOf(config) });
    const secrets = await store.list(DEFAULT_TENANT);
    const stored = secrets.filter(({ name }) => !isOwnSecret(name)).length;
    return [ok("vault", counted(stored, "secret"))];
  } catch (error) {
    const cause = error instanceof SecretsUnreachable ? error.cause : error;
    const remedy = "restore vault.json and its key from one backup: `sallyport vault list`";
    return [problem("vault", messageOf(cause), remedy)];
  }
}

/** Where nothing but such a proxy leads out, every call to an upstream fails. */
function proxySettings(environment: Environment): readonly Finding[] {
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"];
  const set = names.filter((name) => (environment[name] ?? "") !== "");
  if (set.length === 0) return [];
  const detail = `${set.join(", ")}: not used, upstreams are reached directly`;
  return [warning("proxy", detail, "let this machine reach its upstreams by itself")];
}

async function credentials(config: Config, environment: Environment): Promise<readonly Finding[]> {
  const wanted = config.upstreams
    .flatMap(borrowersOf)
    .filter(({ credential }) => credential !== undefined);
  if (wanted.length === 0) return [];
  try {
    using vault = new LocalVault({
      directory: config.dataDirectory,
      tenant: DEFAULT_TENANT,
      key: vaultKeyOf(config),
      environment,
      fetch: createRemoteFetch(config.vault, environment),
    });
    if (config.vault.kms !== undefined) await vault.unlock();
    vault.prepare(wanted);
    await vault.settled();
    return wanted.map((upstream) => {
      const [refusal] = vault.prepare([upstream]);
      const label = `${upstream.name}: ${upstream.credential?.ref ?? ""}`;
      if (refusal === undefined) return ok("credential", label);
      // The agent is told less, and whom to ask; this is the one who is asked.
      const { detail, cause, remedy } = refusal;
      return cause === undefined
        ? problem("credential", `${label}: ${detail}`, remedy)
        : problem("credential", `${label}: ${detail}`, cause.message);
    });
  } catch (error) {
    const reason = messageOf(error);
    return [problem("vault", reason, "sallyport vault list")];
  }
}

function ok(name: string, detail: string): Finding {
  return { name, state: "ok", detail, remedy: undefined };
}

function warning(name: string, detail: string, remedy: string): Finding {
  return { name, state: "warning", detail, remedy };
}

function problem(name: string, detail: string, remedy: string | undefined): Finding {
  return { name, state: "problem", detail, remedy };
}
