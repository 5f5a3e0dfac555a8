/** `sallyport vault`: the operator's hands on the secrets that agents never see. */
import { Command } from "commander";
import { readBinding, type Binding } from "../core/secret/binding.ts";
import { secretName } from "../core/secret/secret-ref.ts";
import { secretValueProblem } from "../core/secret/secret-value.ts";
import { id, type SecretName, type TenantId } from "../core/units.ts";
import { wallMillis } from "../lib/clock.ts";
import type { SealedSecret } from "../stores/vault/sealed-secret.ts";
import { errorCode, VaultFault } from "../stores/vault/vault-fault.ts";
import { readVault, rekeyVault, renewVaultKey } from "../stores/vault/vault-file.ts";
import { vaultKeySource } from "../stores/vault/vault-key.ts";
import {
  removeSecret,
  rotateSecret,
  setSecret,
  type VaultPlace,
} from "../stores/vault/vault-secrets.ts";
import { CommandFailure } from "./command-failure.ts";
import { loadFor } from "./config-options.ts";
import { EXIT } from "./exit-code.ts";
import { readSecretValue } from "./read-secret-value.ts";
import type { Shell } from "./shell.ts";

const TENANT: TenantId = id("default");

const EXAMPLES = `
The value is piped in or typed at a prompt, never given as an argument:
  $ printf %s "$OPENAI_API_KEY" | sallyport vault set openai --origin https://api.openai.com
  $ sallyport vault set github --origin https://api.github.com --method GET --path '/repos/**'
  $ sallyport vault set anthropic --origin https://api.anthropic.com --header x-api-key
An upstream borrows it by: credential: { ref: vault://openai }`;

type Options = Readonly<Record<string, unknown>>;
type ReadValue = (name: string) => Promise<string>;

/** `readValue` is there for tests: a terminal cannot be had everywhere. */
export function vaultCommand(shell: Shell, readValue: ReadValue = readSecretValue): Command {
  const vault = new Command("vault")
    .description("keep the credentials that the gate lends to agents' requests")
    .addHelpText("after", EXAMPLES);
  addChanges(vault, shell, readValue);
  onVault(vault.command("list").description("names, bindings, versions and dates; never values"))
    .option("--json", "for programs")
    .action((options: Options) => inVault(options, shell, (place) => list(place, options, shell)));
  onVault(vault.command("rekey").description("seal everything under a new key"))
    .option("--to <file>", "the file of the new key (default: renew the generated one)")
    .action((options: Options) => inVault(options, shell, (place) => rekey(place, options, shell)));
  return vault;
}

function addChanges(vault: Command, shell: Shell, readValue: ReadValue): void {
  onSecret(vault.command("set").description("store a secret and where it may go"))
    .requiredOption("--origin <url>", "the only scheme, host and port it is sent to")
    .option("--path <glob>", "only these paths at the origin; repeatable", collect, [])
    .option("--method <method>", "only these methods; repeatable", collect, [])
    .option("--header <name>", "the header it is written into", "authorization")
    .option("--format <text>", "{} is the value (default: 'Bearer {}' in authorization, else {})")
    .action(async (name: string, excess: readonly string[], options: Options) => {
      const [named, binding] = [nameIn(name, excess), bindingIn(options)];
      const value = await valueOf(named, readValue);
      inVault(options, shell, (place) => {
        const stored = setSecret(place, named, binding, value, now());
        shell.out(`stored ${named}, version ${stored.version}: ${describe(binding)}\n`);
      });
    });
  onSecret(vault.command("rotate").description("a new value under the same binding")).action(
    async (name: string, excess: readonly string[], options: Options) => {
      const named = nameIn(name, excess);
      const value = await valueOf(named, readValue);
      inVault(options, shell, (place) => {
        const stored = rotateSecret(place, named, value, now());
        if (stored === undefined) throw notThere(named);
        shell.out(`rotated ${named}: version ${stored.version}, in use within a second\n`);
      });
    },
  );
  onSecret(vault.command("rm").description("forget a secret and all it was")).action(
    (name: string, excess: readonly string[], options: Options) => {
      const named = nameIn(name, excess);
      inVault(options, shell, (place) => {
        if (!removeSecret(place, named)) throw notThere(named);
        shell.out(`removed ${named}\n`);
      });
    },
  );
}

function onVault(command: Command): Command {
  return command
    .option("--data <dir>", "where the vault lives (default: as configured)")
    .option("--config <file>", "config file (default: ./sallyport.yaml, else a sample)");
}

/** Excess arguments are let in, because commander would print them, and one may be a secret. */
function onSecret(command: Command): Command {
  return onVault(command).usage("[options] <name>").argument("<name>").argument("[excess...]");
}

function inVault(options: Options, shell: Shell, use: (place: VaultPlace) => void): void {
  const { config } = loadFor(options, shell);
  try {
    const directory = config.dataDirectory;
    use({ directory, key: vaultKeySource(config.vault, directory), tenant: TENANT });
  } catch (error) {
    const isOutside = error instanceof VaultFault || errorCode(error) !== "";
    if (error instanceof Error && isOutside) {
      throw new CommandFailure(EXIT.unavailable, error.message);
    }
    throw error;
  }
}

function list({ directory, key }: VaultPlace, { json }: Options, shell: Shell): void {
  const secrets = readVault(directory, key)?.document.secrets ?? [];
  const sorted = secrets.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (json === true) {
    shell.out(`${JSON.stringify(sorted.map(toJson), undefined, 2)}\n`);
    return;
  }
  if (sorted.length === 0) shell.err("the vault is empty; see: sallyport vault set --help\n");
  for (const { name, version, changedAt, binding } of sorted) {
    shell.out(`${name}  version ${version}  ${changedAt}  ${describe(binding)}\n`);
  }
}

function rekey(place: VaultPlace, { to }: Options, shell: Shell): void {
  if (typeof to !== "string") {
    const count = renewVaultKey(place.directory, place.key);
    shell.out(`renewed the vault's key; secrets sealed under it: ${count}\n`);
    return;
  }
  const count = rekeyVault(place.directory, place.key, { kind: "file", path: to });
  shell.out(`secrets sealed under the key in ${to}: ${count}\n`);
  shell.err(`Now set SALLYPORT_VAULT_KEY_FILE=${to} and restart sallyport.\n`);
}

/** Anything beyond the name is most likely the value, so it is not repeated. */
function nameIn(text: string, excess: readonly string[]): SecretName {
  if (excess.length > 0) {
    throw new CommandFailure(
      EXIT.usage,
      "a secret's value is not taken as an argument: the shell's history and every user of this " +
        "machine can read it there",
      "pipe it in, or leave it out and type it at the prompt; what was just typed is exposed",
    );
  }
  const name = secretName(text);
  if (name !== undefined) return name;
  throw new CommandFailure(
    EXIT.usage,
    "a name is 1 to 128 letters, digits, dots, dashes, underscores",
  );
}

function bindingIn({ origin, path, method, header, format }: Options): Binding {
  const inAuthorization = String(header).toLowerCase() === "authorization";
  const reading = readBinding({
    origin: String(origin),
    paths: texts(path),
    methods: texts(method),
    header: String(header),
    format: typeof format === "string" ? format : inAuthorization ? "Bearer {}" : "{}",
  });
  if (reading.kind === "ok") return reading.binding;
  throw new CommandFailure(EXIT.usage, reading.problems.join("; "));
}

async function valueOf(name: SecretName, readValue: ReadValue): Promise<string> {
  const value = await readValue(name);
  const problem = secretValueProblem(value);
  if (problem === undefined) return value;
  throw new CommandFailure(EXIT.usage, `the value cannot be a credential: ${problem}`);
}

function notThere(name: SecretName): CommandFailure {
  return new CommandFailure(EXIT.failure, `no secret ${name}`, "sallyport vault list");
}

function describe({ origin, paths, methods, header, format }: Binding): string {
  const verbs = methods.length === 0 ? "any method" : methods.join(",");
  return `${verbs} ${origin}${paths.length === 0 ? "/**" : paths.join(",")}  ${header}: ${format}`;
}

function toJson(secret: SealedSecret) {
  const { name, version, previousVersion, createdAt, changedAt, binding } = secret;
  return {
    name,
    version,
    previous_version: previousVersion ?? null,
    created_at: createdAt,
    changed_at: changedAt,
    binding,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function now(): string {
  return new Date(wallMillis()).toISOString();
}
