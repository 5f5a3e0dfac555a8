/** `sallyport vault`: the operator's hands on the secrets that agents never see. */
import { Command } from "commander";
import { secretName } from "../../core/secret/secret-ref.ts";
import type { SecretTerms } from "../../core/secret/secret-terms.ts";
import { valueProblem } from "../../core/secret/secret-value.ts";
import type { SecretName } from "../../core/units.ts";
import type { Answer } from "../../core/fault.ts";
import {
  listSecrets,
  removeSecret,
  rollBackSecret,
  storeSecret,
} from "../../operations/secrets/manage-secrets.ts";
import type { SecretView } from "../../operations/secrets/secret-ports.ts";
import { SECRETS_MAX } from "../../stores/vault/vault-document.ts";
import { rekeyVault, renewVaultKey } from "../../stores/vault/vault-file.ts";
import { openVaultKey, prepareNextKey } from "../../stores/vault/vault-key.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Options } from "../directory/directory-desk.ts";
import { EXIT } from "../exit-code.ts";
import { readSecretValue } from "./read-secret-value.ts";
import type { Shell } from "../shell.ts";
import { atVault, vaultValue, type VaultDesk } from "./vault-desk.ts";
import { describeTerms, termsIn, withTerms } from "./vault-terms.ts";

const EXAMPLES = `
The value is piped in or typed at a prompt, never given as an argument:
  $ printf %s "$OPENAI_API_KEY" | sallyport vault set openai --origin https://api.openai.com
  $ sallyport vault set github --origin https://api.github.com --method GET --path '/repos/**'
  $ sallyport vault set anthropic --origin https://api.anthropic.com --header x-api-key
  $ sallyport vault set licence --deliver --scope read --agent build-bot
  $ sallyport vault set mail --gate
An upstream borrows it by: credential: { ref: vault://openai }`;

type ReadValue = (name: string) => Promise<string>;

/** `readValue` is there for tests: a terminal cannot be had everywhere. */
export function vaultCommand(shell: Shell, readValue: ReadValue = readSecretValue): Command {
  const vault = new Command("vault").addHelpText("after", EXAMPLES);
  addValues(vault, shell, readValue);
  addVersions(vault, shell);
  onVault(vault.command("list").description("list names, terms, versions and dates; never values"))
    .option("--json", "print JSON, for programs")
    .action((options: Options) => atVault(options, shell, (desk) => list(desk, options, shell)));
  onVault(vault.command("rotate-key").description("seal everything under a new key"))
    .alias("rekey")
    .option("--to <file>", "the file of the new key (default: renew the one in place)")
    .action((options: Options) => atVault(options, shell, (desk) => rekey(desk, options, shell)));
  return vault;
}

function addValues(vault: Command, shell: Shell, readValue: ReadValue): void {
  withTerms(
    onSecret(vault.command("set").description("store a secret and where it may go")),
  ).action(async (name: string, excess: readonly string[], options: Options) => {
    const [named, terms] = [nameIn(name, excess), termsIn(options)];
    const value = await valueOf(named, terms, readValue);
    await atVault(options, shell, async ({ caller, ports }) => {
      const wish = { name: named, value, terms, mustBe: "any" } as const;
      const { entry } = vaultValue(await storeSecret(caller, wish, "any", ports));
      shell.out(`stored ${named}, version ${entry.current}: ${describeTerms(terms)}\n`);
    });
  });
  onSecret(vault.command("rotate").description("store a new value under the same terms")).action(
    async (name: string, excess: readonly string[], options: Options) => {
      const named = nameIn(name, excess);
      const value = await readValue(named);
      await atVault(options, shell, async ({ caller, ports }) => {
        const wish = { name: named, value, terms: undefined, mustBe: "present" } as const;
        const { entry } = there(named, await storeSecret(caller, wish, "any", ports));
        shell.out(`rotated ${named}: version ${entry.current}, in use within a second\n`);
      });
    },
  );
}

function addVersions(vault: Command, shell: Shell): void {
  onSecret(
    vault.command("rollback").description("go back to an earlier version that is still kept"),
  )
    .requiredOption("--to <version>", "its number; see: sallyport vault list --json")
    .action(async (name: string, excess: readonly string[], options: Options) => {
      const named = nameIn(name, excess);
      const target = { name: named, expect: "any" } as const;
      await atVault(options, shell, async ({ caller, ports }) => {
        const version = Number(options["to"]);
        vaultValue(await rollBackSecret(caller, target, version, ports));
        shell.out(`${named} is at version ${version} again, in use within a second\n`);
      });
    });
  onSecret(vault.command("rm").description("remove a secret with all its versions")).action(
    async (name: string, excess: readonly string[], options: Options) => {
      const named = nameIn(name, excess);
      const target = { name: named, expect: "any" } as const;
      await atVault(options, shell, async ({ caller, ports }) => {
        there(named, await removeSecret(caller, target, ports));
        shell.out(`removed ${named}\n`);
      });
    },
  );
}

function onVault(command: Command): Command {
  return command
    .option("--data <dir>", "the data directory (default: as configured)")
    .option("--config <file>", "config file (default: ./sallyport.yaml, else a sample)");
}

/** Excess arguments are let in, because commander would print them, and one may be a secret. */
function onSecret(command: Command): Command {
  return onVault(command).usage("[options] <name>").argument("<name>").argument("[excess...]");
}

async function list({ caller, ports }: VaultDesk, { json }: Options, shell: Shell): Promise<void> {
  const page = { after: undefined, limit: SECRETS_MAX };
  const secrets = vaultValue(await listSecrets(caller, page, ports));
  if (json === true) {
    shell.out(`${JSON.stringify(secrets.map(toJson), undefined, 2)}\n`);
    return;
  }
  if (secrets.length === 0) shell.err("the vault is empty; see: sallyport vault set --help\n");
  for (const { entry } of secrets) {
    const at = new Date(entry.changedAt).toISOString();
    shell.out(`${entry.name}  version ${entry.current}  ${at}  ${describeTerms(entry.terms)}\n`);
  }
}

async function rekey(
  { caller, home, ports, shared }: VaultDesk,
  { to }: Options,
  shell: Shell,
): Promise<void> {
  const detail = { to: typeof to === "string" ? to : "renewed" };
  const change = { change: "vault.key_rotated", about: "vault", by: caller.name, detail };
  if (!(await ports.ledger.change(change))) {
    throw new CommandFailure(EXIT.unavailable, "the ledger cannot be written now");
  }
  const reseal = async (work: () => number): Promise<number> =>
    shared === undefined ? work() : shared.reseal(work);
  const rotated = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch(async (error: unknown) => {
      await ports.ledger.change({ ...change, change: `${change.change}.failed` });
      throw error;
    });
  if (typeof to !== "string") {
    const count = await rotated(async () => {
      await openVaultKey(home.key);
      await prepareNextKey(home.key);
      return reseal(() => renewVaultKey(home.directory, home.key));
    });
    shell.out(`renewed the vault's key; secrets sealed under it: ${count}\n`);
    return;
  }
  const next = { kind: "file", path: to } as const;
  const count = await rotated(async () => {
    await openVaultKey(home.key);
    return reseal(() => rekeyVault(home.directory, home.key, next));
  });
  shell.out(`secrets sealed under the key in ${to}: ${count}\n`);
  shell.err(
    `Now every gate needs it: in the key file that it reads (no restart), or by\n` +
      `SALLYPORT_VAULT_KEY_FILE=${to} and a restart. Until then it lends nothing, unless its\n` +
      `file held both keys before, one a line.\n`,
  );
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

/** Before anything is opened: a value that cannot be stored is the operator's mistake. */
async function valueOf(
  name: SecretName,
  { binding }: SecretTerms,
  readValue: ReadValue,
): Promise<string> {
  const value = await readValue(name);
  const problem = valueProblem(value, binding);
  if (problem === undefined) return value;
  throw new CommandFailure(EXIT.usage, `the value cannot be stored: ${problem}`);
}

function there(name: SecretName, answer: Answer<SecretView>): SecretView {
  if (answer.kind === "fault" && answer.fault.code === "not_found") {
    throw new CommandFailure(EXIT.failure, `no secret ${name}`, "sallyport vault list");
  }
  return vaultValue(answer);
}

function toJson({ entry }: SecretView) {
  const { name, current, versions, createdAt, changedAt, terms } = entry;
  return {
    name,
    version: current,
    versions: versions.map(({ number, createdAt: at }) => ({
      number,
      created_at: new Date(at).toISOString(),
    })),
    created_at: new Date(createdAt).toISOString(),
    changed_at: new Date(changedAt).toISOString(),
    type: terms.type,
    binding: terms.binding ?? null,
    deliver: terms.deliver,
    scope_required: terms.scopeRequired ?? null,
    clearance_min: terms.clearanceMin,
    allowed_agents: terms.allowedAgents,
    expires_at: terms.expiresAt === undefined ? null : new Date(terms.expiresAt).toISOString(),
    keep: terms.keep,
  };
}
