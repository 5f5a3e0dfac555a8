/** `sallyport keys`: credentials of agents, services and people. */
import { Command } from "commander";
import type { Entry, KeyHolder } from "../../core/identity/directory-entry.ts";
import { FAMILY_NAMES, type KeyFamily } from "../../core/identity/key-family.ts";
import { ROLES } from "../../core/identity/role.ts";
import { id } from "../../core/units.ts";
import { printable } from "../../lib/printable.ts";
import { createFirstKey } from "../../operations/identity/bootstrap.ts";
import {
  createKey,
  holderText,
  listKeys,
  revokeKey,
  rotateKey,
  type NewKey,
} from "../../operations/identity/manage-keys.ts";
import { CommandFailure } from "../command-failure.ts";
import {
  atDesk,
  onDirectory,
  print,
  textOf,
  valueOf,
  type DirectoryDesk,
  type Options,
} from "./directory-desk.ts";
import { EXIT } from "../exit-code.ts";
import type { Shell } from "../shell.ts";

const KEYS_SHOWN = 1_000;
const EXAMPLES = `
Examples:
  $ sallyport keys create admin --role admin        the first key of the management API
  $ sallyport keys create bot --agent support-bot   a key for an agent; shown this once
  $ sallyport keys rotate key_… --grace 3600        the old one works for another hour
  $ sallyport keys revoke key_…                     in force at once`;

export function keysCommand(shell: Shell): Command {
  const keys = new Command("keys").addHelpText("after", EXAMPLES);
  onDirectory(keys.command("create").description("create a key and print it, this once"))
    .argument("<name>")
    .option("--agent <name>", "the agent whose key it is (default: a service's)")
    .option("--role <role>", `in the management API: ${ROLES.join(", ")} (default: viewer)`)
    .option("--family <family>", `one of ${FAMILY_NAMES.join(", ")} (default: pxy, spt)`)
    .action((name: string, options: Options) =>
      atDesk(options, shell, async (desk) => {
        printNew(await create(name, options, desk), options, shell);
      }),
    );
  onDirectory(
    keys.command("list").description("list keys by name and rights; never the keys themselves"),
  ).action((options: Options) =>
    atDesk(options, shell, async ({ caller, ports }) => {
      const query = { owner: undefined, after: undefined, limit: KEYS_SHOWN };
      const found = (await listKeys(caller, query, ports)).map(({ entry }) => entry);
      print(found.map(lineOf), found.map(jsonOf), options, shell);
    }),
  );
  onDirectory(keys.command("rotate").description("replace a key by a new one with the same rights"))
    .argument("<id>")
    .option("--grace <seconds>", "how long the old key still works", "0")
    .action((keyId: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const grace = Number(options["grace"]) * 1000;
        if (!Number.isSafeInteger(grace) || grace < 0) {
          throw new CommandFailure(EXIT.usage, "--grace needs whole seconds");
        }
        printNew(valueOf(await rotateKey(caller, keyId, grace, ports)), options, shell);
      }),
    );
  onDirectory(keys.command("revoke").description("end a key, at once and everywhere"))
    .argument("<id>")
    .action((keyId: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const { entry } = valueOf(await revokeKey(caller, keyId, ports));
        print([`revoked ${entry.id} (${entry.body.name})`], jsonOf(entry), options, shell);
      }),
    );
  return keys;
}

async function create(name: string, options: Options, desk: DirectoryDesk): Promise<NewKey> {
  const { caller, ports } = desk;
  const agent = textOf(options, "agent");
  const family = familyOf(options, agent === undefined ? "spt" : "pxy");
  const asked = textOf(options, "role") ?? (agent === undefined ? "viewer" : "agent");
  const role = ROLES.find((known) => known === asked);
  if (role === undefined) {
    throw new CommandFailure(EXIT.usage, `no such role: ${asked}`, ROLES.join(", "));
  }
  // The first key opens the tenant, as it does through the API.
  const begun = (await ports.store.get("tenant", caller.tenant)) !== undefined;
  if (!begun && role === "admin") return valueOf(await createFirstKey({ name, family }, ports));
  const holder: KeyHolder =
    agent === undefined ? { kind: "service", name } : { kind: "agent", agent: id(agent) };
  const wish = {
    family,
    name,
    holder,
    role,
    scopes: [],
    plan: "pro",
    expiresAt: undefined,
  } as const;
  return valueOf(await createKey(caller, wish, desk.listed, ports));
}

function familyOf(options: Options, usual: KeyFamily): KeyFamily {
  const asked = textOf(options, "family") ?? usual;
  const family = FAMILY_NAMES.find((known) => known === asked);
  if (family !== undefined) return family;
  throw new CommandFailure(EXIT.usage, `no such family: ${asked}`, FAMILY_NAMES.join(", "));
}

/** The key alone on stdout, so that it can be piped; what it is goes to stderr. */
function printNew({ entry, key }: NewKey, options: Options, shell: Shell): void {
  if (options["json"] !== true) shell.err(`${lineOf(entry)}\n`);
  print([key], { ...jsonOf(entry), key }, options, shell);
}

function lineOf({ id: keyId, body }: Entry<"key">): string {
  const { name, holder, role, shown, revokedAt } = body;
  const state = revokedAt === undefined ? "" : `  ends ${new Date(revokedAt).toISOString()}`;
  return `${keyId}  ${shown}…  ${role}  ${printable(holderText(holder))}  ${printable(name)}${state}`;
}

function jsonOf({ id: keyId, body }: Entry<"key">) {
  const { name, holder, role, shown, family, revokedAt = null } = body;
  return {
    id: keyId,
    name,
    holder: holderText(holder),
    role,
    family,
    shown,
    revoked_at: revokedAt,
  };
}
