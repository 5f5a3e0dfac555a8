/** `sallyport tenants`: whose agents there are. */
import { Command } from "commander";
import { PLANS, type Entry } from "../../core/identity/directory-entry.ts";
import { printable } from "../../lib/printable.ts";
import {
  createTenant,
  resumeTenant,
  suspendTenant,
} from "../../operations/identity/manage-tenants.ts";
import { tenantJson } from "../../manage/native/tenant-routes.ts";
import { CommandFailure } from "../command-failure.ts";
import { atDesk, onInstallation, print, textOf, valueOf, type Options } from "./directory-desk.ts";
import { EXIT } from "../exit-code.ts";
import type { Shell } from "../shell.ts";

const TENANTS_SHOWN = 1_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;

export function tenantsCommand(shell: Shell): Command {
  const tenants = new Command("tenants");
  onInstallation(
    tenants
      .command("create")
      .description("create a tenant and print its administrator's key, this once"),
  )
    .argument("<id>")
    .option("--name <name>", "its name for people to read")
    .option("--plan <plan>", PLANS.join(", "), "free")
    .action((id: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const plan = PLANS.find((one) => one === options["plan"]);
        if (plan === undefined || !NAME.test(id)) {
          throw new CommandFailure(EXIT.usage, `a name, and a plan of ${PLANS.join(", ")}`);
        }
        const name = textOf(options, "name") ?? id;
        const { first } = valueOf(await createTenant(caller, { id, name, plan }, ports));
        print([first.key], { id, admin_key: first.key }, options, shell);
      }),
    );
  onInstallation(
    tenants.command("list").description("list the tenants, and which are suspended"),
  ).action((options: Options) =>
    atDesk(options, shell, async ({ caller, ports }) => {
      const query = { tenant: caller.tenant, limit: TENANTS_SHOWN };
      const all = await ports.store.list("tenant", query);
      print(all.map(lineOf), all.map(tenantJson), options, shell);
    }),
  );
  onInstallation(
    tenants.command("suspend").description("cut what a tenant runs, and refuse what comes"),
  )
    .argument("<id>")
    .requiredOption("--reason <text>", "why")
    .action((id: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const reason = textOf(options, "reason") ?? "";
        const tenant = valueOf(await suspendTenant(caller, id, reason, ports));
        print([`suspended ${id}`], tenantJson(tenant), options, shell);
      }),
    );
  onInstallation(tenants.command("resume").description("let a suspended tenant go on"))
    .argument("<id>")
    .action((id: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const tenant = valueOf(await resumeTenant(caller, id, ports));
        print([`resumed ${id}`], tenantJson(tenant), options, shell);
      }),
    );
  return tenants;
}

function lineOf({ id, body: { name, plan, suspended } }: Entry<"tenant">): string {
  const state = suspended === undefined ? "" : `  suspended: ${printable(suspended.reason)}`;
  return `${id}  ${printable(name)}  ${plan}${state}`;
}
