/** `sallyport subscriptions`: who is told of what, whether it arrives, and what did not. */
import { Command } from "commander";
import { openCouriers } from "../../app/observe/notification-couriers.ts";
import { notificationsPath } from "../../app/observe/notifications.ts";
import { openSharedVault } from "../../app/ports/open-shared-vault.ts";
import { vaultKeyOf } from "../../app/ports/vault-key-source.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { DELIVERY_STATES, type Delivery } from "../../core/notify/delivery-queue.ts";
import { EVENT_NAMES, type EventName } from "../../core/notify/notification.ts";
import { FORMATS, type Format } from "../../core/notify/subscription.ts";
import { printable } from "../../lib/printable.ts";
import { findEntry } from "../../operations/identity/find-entry.ts";
import { redeliver, testSubscription } from "../../operations/notify/deliver-notifications.ts";
import { subscribe, unsubscribe } from "../../operations/notify/manage-subscriptions.ts";
import type { SubscriptionPorts } from "../../operations/notify/subscription-ports.ts";
import { SqliteDeliveryStore } from "../../stores/sqlite/delivery-store.ts";
import { createFileSecretStore } from "../../stores/vault/file-secret-store.ts";
import { deliveryJson } from "../../manage/native/subscription-json.ts";
import { CommandFailure } from "../command-failure.ts";
import { loadFor } from "../config-options.ts";
import { atDesk, onDirectory, print, textOf, valueOf, type Options } from "./directory-desk.ts";
import { EXIT } from "../exit-code.ts";
import type { Shell } from "../shell.ts";

const SUBSCRIPTIONS_SHOWN = 100;
const DELIVERIES_SHOWN = 200;

const HELP = `
Examples:
  $ sallyport subscriptions add on-call https://hooks.example.com/x --events anomaly,agent_stopped
  $ sallyport subscriptions add finance finance@example.org --format email
  $ sallyport subscriptions test sub_01k…            sends one event now, and says what came of it
  $ sallyport subscriptions deliveries sub_01k… --state dead
  $ sallyport subscriptions retry sub_01k… dlv_01k…

Events: ${EVENT_NAMES.join(", ")}.
Deliveries leave from a gateway that runs with its management listener (\`sallyport up\`); what is due
while none runs leaves with the next start.`;

export function subscriptionsCommand(shell: Shell): Command {
  const command = new Command("subscriptions").addHelpText("after", HELP);
  addManaging(command, shell);
  addDelivering(command, shell);
  return command;
}

function addManaging(command: Command, shell: Shell): void {
  onDirectory(command.command("list").description("list the subscriptions")).action(
    (options: Options) =>
      atDesk(options, shell, async ({ caller: { tenant }, ports }) => {
        const query = { tenant, limit: SUBSCRIPTIONS_SHOWN };
        const found = await ports.store.list("subscription", query);
        print(found.map(lineOf), found.map(jsonOf), options, shell);
      }),
  );
  onDirectory(command.command("add").description("tell an address of events, from now on"))
    .argument("<name>")
    .argument("<target>", "a URL, or a mail address")
    .option("--format <format>", `one of ${FORMATS.join(", ")}`, "webhook")
    .option("--events <names>", "event names, separated by commas (default: all)")
    .action((name: string, target: string, options: Options) =>
      atSubscriptions(options, shell, async (caller, ports) => {
        const wish = { name, target, format: formatOf(options), events: eventsOf(options) };
        const { entry, signingSecret } = valueOf(await subscribe(caller, wish, ports));
        if (options["json"] !== true) shell.err(`${lineOf(entry)}\n`);
        const lines = signingSecret === undefined ? [entry.id] : [signingSecret];
        print(lines, { ...jsonOf(entry), signing_secret: signingSecret }, options, shell);
      }),
    );
  onDirectory(
    command
      .command("rm")
      .description("remove a subscription; what it has not delivered yet is dropped"),
  )
    .argument("<id>")
    .action((id: string, options: Options) =>
      atSubscriptions(options, shell, async (caller, ports) => {
        valueOf(await unsubscribe(caller, id, ports));
        print([`removed ${id}`], { id }, options, shell);
      }),
    );
}

function addDelivering(command: Command, shell: Shell): void {
  onDirectory(command.command("test").description("send a test event now"))
    .argument("<id>")
    .action((id: string, options: Options) =>
      atSubscriptions(options, shell, async (caller, ports) => {
        const { status, error } = valueOf(await testSubscription(caller, id, ports));
        if (error !== undefined) throw new CommandFailure(EXIT.failure, `not delivered: ${error}`);
        const said = status === undefined ? "delivered" : `delivered: answered ${status}`;
        print([said], { delivered: true, status }, options, shell);
      }),
    );
  onDirectory(
    command
      .command("deliveries")
      .description("list deliveries, newest first; `dead` ones were given up"),
  )
    .argument("<id>")
    .option("--state <state>", `only ${DELIVERY_STATES.join(", ")}`)
    .action((id: string, options: Options) =>
      atSubscriptions(options, shell, async (caller, ports) => {
        const { tenant } = valueOf(await findEntry("subscription", id, caller, ports));
        const state = oneOf(DELIVERY_STATES, textOf(options, "state"), "state");
        const query = { tenant, subscription: id, state, before: undefined };
        const found = ports.queue().list({ ...query, limit: DELIVERIES_SHOWN });
        print(found.map(deliveryLine), found.map(deliveryJson), options, shell);
      }),
    );
  onDirectory(command.command("retry").description("deliver again, with all attempts anew"))
    .argument("<id>")
    .argument("<delivery>")
    .action((id: string, delivery: string, options: Options) =>
      atSubscriptions(options, shell, async (caller, ports) => {
        const revived = valueOf(await redeliver(caller, id, delivery, ports));
        print([deliveryLine(revived)], deliveryJson(revived), options, shell);
      }),
    );
}

function atSubscriptions<T>(
  options: Options,
  shell: Shell,
  use: (caller: Caller, ports: SubscriptionPorts) => Promise<T>,
): Promise<T> {
  return atDesk(options, shell, async ({ caller, ports }) => {
    const { config } = loadFor(options, shell);
    await using started = new AsyncDisposableStack();
    const home = { directory: config.dataDirectory, key: vaultKeyOf(config) };
    const warn = ({ message }: Error): void => shell.err(`${message}\n`);
    const secrets = createFileSecretStore(home, await openSharedVault(config, warn, started));
    const couriers = started.use(openCouriers(config.notifications, secrets));
    let store: SqliteDeliveryStore | undefined;
    started.defer(() => store?.[Symbol.dispose]());
    const queue = (): SqliteDeliveryStore =>
      (store ??= new SqliteDeliveryStore(notificationsPath(config)));
    // Awaited here: what is open is closed when this function ends.
    return await use(caller, { ...ports, secrets, couriers, queue });
  });
}

function formatOf(options: Options): Format {
  return oneOf(FORMATS, textOf(options, "format"), "format") ?? "webhook";
}

function eventsOf(options: Options): readonly EventName[] {
  const names = textOf(options, "events")?.split(",") ?? [];
  return names.flatMap((name) => oneOf(EVENT_NAMES, name.trim(), "event") ?? []);
}

function oneOf<W extends string>(
  words: readonly W[],
  said: string | undefined,
  what: string,
): W | undefined {
  const known = words.find((word) => word === said);
  if (said === undefined || known !== undefined) return known;
  throw new CommandFailure(EXIT.usage, `no such ${what}: ${said}`, words.join(", "));
}

function lineOf({ id, body }: Entry<"subscription">): string {
  const { name, format, target, events, active } = body;
  const wanted = events.length === 0 ? "all events" : events.join(" ");
  const paused = active ? "" : "  paused";
  return `${id}  ${printable(name)}  ${format}  ${printable(target)}  ${wanted}${paused}`;
}

function jsonOf({ id, body }: Entry<"subscription">) {
  const { name, format, target, events, active, createdBy } = body;
  return { id, name, format, target, events, active, created_by: createdBy };
}

function deliveryLine({ id, state, attempts, at, error, notification }: Delivery): string {
  const why = error === undefined ? "" : `  ${printable(error)}`;
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const when = new Date(at).toISOString();
  return `${id}  ${state}  ${notification.event}  ${tries}  ${when}${why}`;
}
