/** `sallyport agents`: who there is, and the brake. */
import { Command } from "commander";
import { CLEARANCES, type AgentRecord } from "../core/identity/directory-entry.ts";
import type { StopTarget } from "../core/identity/stop.ts";
import { id } from "../core/units.ts";
import { printable } from "../lib/printable.ts";
import { registerAgent, removeAgent } from "../operations/identity/manage-agents.ts";
import { liftStop, stopAgents, stopText } from "../operations/identity/stop-agents.ts";
import { CommandFailure } from "./command-failure.ts";
import { atDesk, onDirectory, print, textOf, valueOf, type Options } from "./directory-desk.ts";
import { EXIT } from "./exit-code.ts";
import type { Shell } from "./shell.ts";

const AGENTS_SHOWN = 1_000;
const EXAMPLES = `
Examples:
  $ sallyport agents add support-bot --team support --clearance 2
  $ sallyport agents kill support-bot --reason "it deletes customers"   cuts what it runs, at once
  $ sallyport agents freeze --all --reason "maintenance"                no new calls by anybody
  $ sallyport agents resume support-bot`;

export function agentsCommand(shell: Shell): Command {
  const agents = new Command("agents")
    .description("agents: registered, listed, stopped")
    .addHelpText("after", EXAMPLES);
  addRegister(agents, shell);
  for (const mode of ["kill", "freeze"] as const) {
    onDirectory(
      agents
        .command(mode)
        .description(mode === "kill" ? "refuse it, and cut what it runs" : "refuse new calls"),
    )
      .argument("[agent]")
      .option("--all", "everybody")
      .requiredOption("--reason <text>", "why, for the record")
      .action((name: string | undefined, options: Options) =>
        atDesk(options, shell, async ({ caller, ports }) => {
          const wish = { target: targetOf(name, options), mode, reason: String(options["reason"]) };
          const { body } = valueOf(await stopAgents(caller, wish, ports));
          print([`stopped ${stopText(body.target)}: ${mode}`], body, options, shell);
        }),
      );
  }
  onDirectory(agents.command("resume").description("let go on"))
    .argument("[agent]")
    .option("--all", "everybody that was stopped with --all")
    .action((name: string | undefined, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const { body } = valueOf(await liftStop(caller, targetOf(name, options), ports));
        print([`resumed ${stopText(body.target)}`], body, options, shell);
      }),
    );
  return agents;
}

function addRegister(agents: Command, shell: Shell): void {
  onDirectory(agents.command("add").description("register an agent"))
    .argument("<name>")
    .option("--team <name>", "its team")
    .option("--clearance <level>", "1 to 5", "1")
    .action((name: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports, listed }) => {
        const clearance = CLEARANCES.find((level) => String(level) === options["clearance"]);
        if (clearance === undefined || !/^[a-z0-9][a-z0-9._-]{0,63}$/u.test(name)) {
          throw new CommandFailure(EXIT.usage, "a name in lower case and a clearance of 1 to 5");
        }
        const agent: AgentRecord = {
          name: id(name),
          team: textOf(options, "team"),
          user: undefined,
          tags: {},
          clearance,
          description: undefined,
          active: true,
          subjects: [],
        };
        const { body } = valueOf(await registerAgent(caller, agent, listed, ports));
        print([`registered ${body.name}`], body, options, shell);
      }),
    );
  onDirectory(agents.command("remove").description("with its keys and sessions"))
    .argument("<name>")
    .action((name: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        valueOf(await removeAgent(caller, id(name), ports));
        print([`removed ${name}`], { removed: name }, options, shell);
      }),
    );
  onDirectory(agents.command("list").description("of the directory and the configuration")).action(
    (options: Options) =>
      atDesk(options, shell, async ({ caller, ports, listed }) => {
        const query = { tenant: caller.tenant, limit: AGENTS_SHOWN };
        const stored = await ports.store.list("agent", query);
        const stops = await ports.store.list("stop", query);
        const all = [
          ...stored.map(({ body }) => ({
            name: body.name,
            from: "directory",
            active: body.active,
          })),
          ...[...listed].map((name) => ({ name, from: "config", active: true })),
        ];
        const stopped = stops.map(({ body }) => `${stopText(body.target)}  ${body.mode}`);
        const lines = all.map(({ name, from }) => `${printable(name)}  ${from}`);
        print([...lines, ...stopped], { agents: all, stops: stopped }, options, shell);
      }),
  );
}

function targetOf(name: string | undefined, options: Options): StopTarget {
  const all = options["all"] === true;
  if (all === (name !== undefined)) {
    throw new CommandFailure(EXIT.usage, "name an agent, or give --all");
  }
  return name === undefined ? { kind: "everything" } : { kind: "agent", agent: id(name) };
}
