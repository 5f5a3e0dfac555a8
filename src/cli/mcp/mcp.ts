/** `sallyport mcp`: what MCP servers say of themselves, and what of it may be used. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { Config } from "../../app/config/config.ts";
import { definitionLabel } from "../../core/trust/definition.ts";
import { differencesOf } from "../../core/trust/definition-diff.ts";
import { lockText, type LockedDefinition } from "../../core/trust/lock-file.ts";
import { id, type DefinitionHash } from "../../core/units.ts";
import { messageOf } from "../../lib/caught.ts";
import { printable } from "../../lib/printable.ts";
import { openLockSource } from "../../stores/definition-lock.ts";
import { SqliteDefinitionStore } from "../../stores/sqlite/definition-store.ts";
import { CommandFailure } from "../command-failure.ts";
import { loadFor, withConfigOptions } from "../config-options.ts";
import { formLabel, formsOf, refsOf, type DefinitionForm } from "./definition-forms.ts";
import { baseOf, differenceLines, pinJson, pinLine } from "./definition-view.ts";
import { EXIT } from "../exit-code.ts";
import type { Shell } from "../shell.ts";
import { now } from "../../app/now.ts";
import { impossible } from "../../lib/impossible.ts";

const EXAMPLES = `
Examples:
  $ sallyport mcp crm                     be the server crm, over stdin and stdout
  $ sallyport mcp                         be all servers at once, as crm.read_user
  $ sallyport mcp tools                   everything the gate has seen, and how it stands
  $ sallyport mcp diff crm.send_email     what its server changed since it was approved
  $ sallyport mcp approve crm.send_email  let agents use what was seen last
  $ sallyport mcp lock                    write what is approved to the lock file

Names are as \`tools\` prints them: crm.send_email, "crm prompt:greet", "crm instructions".`;

type Options = Readonly<Record<string, unknown>>;

export function mcpCommand(shell: Shell): Command {
  const command = withConfigOptions(new Command("mcp"))
    .argument("[upstream]", "whose server to be; all of them if left out")
    .option("--agent <name>", "who the host is, where no gateway runs; one of `agents`")
    .action(async (upstream: string | undefined, options: Options) => {
      await (await import("./mcp-serve.ts")).serveMcp(upstream, options, shell);
    })
    .addHelpText("after", EXAMPLES);
  onStore(
    command
      .command("tools")
      .description("list definitions and how they stand: pending, approved, changed"),
  )
    .argument("[upstream]", "only of this upstream")
    .option("--json", "for programs, with their texts")
    .action((upstream: string | undefined, options: Options) =>
      inStore(options, shell, (store) => tools(store, upstream, options, shell)),
    );
  onStore(command.command("diff").description("show what changed since it was approved"))
    .argument("<name>")
    .option("--json", "print JSON, for programs")
    .action((name: string, options: Options) =>
      inStore(options, shell, (store) => diff(store, name, options, shell)),
    );
  onStore(command.command("approve").description("approve definitions as they were seen last"))
    .argument("<names...>")
    .option("--hash <hash>", "only if it still is this one, as `tools` and `diff` print it")
    .option("--by <person>", "who approves, for the record (default: the user)")
    .action((names: string[], options: Options) =>
      inStore(options, shell, (store) => approve(store, names, options, shell)),
    );
  onStore(command.command("lock").description("write approved definitions to the lock file"))
    .argument("[names...]", "approve these first: what was seen last of them goes into the file")
    .action((names: string[], options: Options) =>
      inStore(options, shell, (store, config) => lock(store, config, names, shell)),
    );
  return command;
}

function onStore(command: Command): Command {
  return command
    .option("--scope <credential>", "of which credential, where several see the same name")
    .option("--data <dir>", "where the pins live (default: as configured)")
    .option("--config <file>", "config file (default: ./sallyport.yaml, else a sample)");
}

type Use = (store: SqliteDefinitionStore, config: Config) => void;

function inStore(options: Options, shell: Shell, use: Use): void {
  const { config } = loadFor(options, shell);
  const { trust, byUpstream, lockFile } = config.definitions;
  const lockSource = openLockSource(lockFile, (problem) => {
    throw new CommandFailure(EXIT.failure, `${lockFile} is no lock file: ${problem}`);
  });
  using store = openStore(config, {
    now,
    trustOf: (upstream) => byUpstream[upstream] ?? trust,
    lock: () => lockSource.current(),
  });
  use(store, config);
}

function openStore(
  { dataDirectory }: Config,
  options: Pick<ConstructorParameters<typeof SqliteDefinitionStore>[0], "now" | "trustOf" | "lock">,
): SqliteDefinitionStore {
  const path = join(dataDirectory, "definitions.db");
  try {
    return new SqliteDefinitionStore({ path, ...options, onChange: nobody, onFault: nobody });
  } catch (error) {
    const cause = messageOf(error);
    const remedy = "it is made when the gate first starts: sallyport up";
    throw new CommandFailure(EXIT.unavailable, `${path} cannot be opened: ${cause}`, remedy);
  }
}

function nobody(): void {
  // The running gate finds the change in the store and records it; nothing is observed here.
}

function tools(
  store: SqliteDefinitionStore,
  upstream: string | undefined,
  options: Options,
  shell: Shell,
): void {
  const found = formsOf(store.list()).filter(({ pinned: { pin } }) => {
    const { ref } = pin;
    return (upstream === undefined || ref.upstream === upstream) && isInScope(ref.scope, options);
  });
  if (options["json"] === true) {
    shell.out(`${JSON.stringify(found.map(pinJson), undefined, 2)}\n`);
    return;
  }
  if (found.length === 0)
    shell.err(
      "nothing has been listed yet: definitions are pinned when an agent first asks for them\n",
    );
  for (const form of found) for (const line of pinLine(form)) shell.out(`${line}\n`);
}

function diff(store: SqliteDefinitionStore, name: string, options: Options, shell: Shell): void {
  const forms = find(store, name, options);
  const unapproved = forms.filter(({ pinned }) => pinned.pin.standing !== "approved");
  const shown = unapproved.length === 0 ? forms : unapproved;
  if (options["json"] === true) {
    const json = shown.map((form) => {
      const base = baseOf(form);
      const differences = base === undefined ? [] : differencesOf(base, form.pinned.seenText);
      return { ...pinJson(form), differences };
    });
    shell.out(`${JSON.stringify(json.length === 1 ? json[0] : json, undefined, 2)}\n`);
  } else for (const form of shown) shell.out(`${differenceLines(form).join("\n")}\n`);
  const [first] = unapproved;
  if (first === undefined) return;
  const { standing, seen } = first.pinned.pin;
  throw new CommandFailure(
    EXIT.failure,
    `${formLabel(first)} is ${standing}`,
    `sallyport mcp approve "${name}" --hash ${seen}`,
  );
}

function approve(
  store: SqliteDefinitionStore,
  names: readonly string[],
  options: Options,
  shell: Shell,
): void {
  const by = personOf(options, shell);
  const hash =
    typeof options["hash"] === "string" ? id<DefinitionHash>(options["hash"]) : undefined;
  // All are found before any is approved: a typing error changes nothing.
  for (const form of names.flatMap((name) => withHash(find(store, name, options), hash))) {
    const label = printable(formLabel(form));
    const { seen } = form.pinned.pin;
    // What was printed here is what is approved, even if the server speaks in between.
    const replies = refsOf(form).map((ref) => store.approve(ref, hash ?? seen, by));
    const refused = replies.find((reply) => reply.kind !== "approved");
    switch (refused?.kind) {
      case undefined:
        shell.out(`approved ${label} ${seen}, in force at once\n`);
        break;
      case "moved":
        throw new CommandFailure(EXIT.failure, `${label} is ${refused.seen} by now`, LOOK_AGAIN);
      case "locked":
        throw new CommandFailure(
          EXIT.usage,
          `${label} is approved by the lock file only`,
          `sallyport mcp lock "${printable(definitionLabel(form.pinned.pin.ref))}", then commit the file`,
        );
      case "unknown":
        throw new CommandFailure(EXIT.failure, `${label} is gone`, LOOK_AGAIN);
      default:
        impossible(refused);
    }
  }
}

/** Of several forms the one that is meant; else the command would fail on the others. */
function withHash(
  forms: readonly DefinitionForm[],
  hash: DefinitionHash | undefined,
): readonly DefinitionForm[] {
  const meant = forms.filter(({ pinned }) => pinned.pin.seen === hash);
  return meant.length === 0 ? forms : meant;
}

const LOOK_AGAIN = "look again: sallyport mcp diff";

function personOf(options: Options, { environment }: Shell): string {
  const { by } = options;
  if (typeof by === "string" && by !== "") return by;
  return environment["USER"] ?? environment["LOGNAME"] ?? "the command line";
}

function lock(
  store: SqliteDefinitionStore,
  { definitions }: Config,
  names: readonly string[],
  shell: Shell,
): void {
  const named = names.flatMap((name) => find(store, name, {}));
  const chosen = new Set(named.map(({ pinned }) => definitionLabel(pinned.pin.ref)));
  const kept: LockedDefinition[] = [];
  for (const { pin, approvedText, seenText } of store.list()) {
    const definition = chosen.has(definitionLabel(pin.ref)) ? seenText : approvedText;
    if (definition !== undefined) kept.push({ ref: pin.ref, definition });
  }
  writeFileSync(definitions.lockFile, lockText(kept));
  shell.out(`${definitions.lockFile}: ${kept.length} definitions\n`);
}

/** In each form that clients are told; at least one. */
function find(
  store: SqliteDefinitionStore,
  name: string,
  options: Options,
): readonly DefinitionForm[] {
  const found = formsOf(store.list()).filter(({ pinned: { pin } }) => {
    return definitionLabel(pin.ref) === name && isInScope(pin.ref.scope, options);
  });
  const scopes = [...new Set(found.map(({ pinned }) => pinned.pin.ref.scope))];
  if (found.length === 0) {
    throw new CommandFailure(
      EXIT.failure,
      `no definition ${name}`,
      "sallyport mcp tools lists them",
    );
  }
  if (scopes.length > 1) {
    const help = `--scope ${scopes.join(", ")}`;
    throw new CommandFailure(EXIT.usage, `several credentials see ${name}`, help);
  }
  return found;
}

function isInScope(scope: string, { scope: asked }: Options): boolean {
  return typeof asked !== "string" || scope === asked;
}
