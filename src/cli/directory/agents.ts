/** `sallyport agents`: who there is, and the brake. */
import { Command } from "commander";
import { CLEARANCES, type AgentRecord } from "../../core/identity/directory-entry.ts";
import { stopText, type StopTarget } from "../../core/identity/stop.ts";
import { id } from "../../core/units.ts";
import { printable } from "../../lib/printable.ts";
import { registerAgent, removeAgent } from "../../operations/identity/manage-agents.ts";
import { agentJson } from "../../manage/native/agent-routes.ts";
import { stopJson } from "../../manage/native/stop-routes.ts";
import { CommandFailure } from "../command-failure.ts";
import {
  atDesk,
  onDirectory,
  print,
  textOf,
  textsOf,
  valueOf,
  type Options,
} from "./directory-desk.ts";
import { EXIT } from "../exit-code.ts";
import type { Shell } from "../shell.ts";
import { addStops } from "./stop-commands.ts";

const AGENTS_SHOWN = 1_000;
const EXAMPLES = `
Examples:
  $ sallyport agents add support-bot --team support --clearance 2
  $ sallyport agents kill support-bot --reason "it deletes customers"   cuts what it runs, at once
  $ sallyport agents freeze --all --reason "maintenance"                no new calls by anybody
  $ sallyport agents resume support-bot`;

export function agentsCommand(shell: Shell): Command {
  const agents = new Command("agents").addHelpText("after", EXAMPLES);
  addRegister(agents, shell);
  const options = [["--all", "everybody"]] as const;
  addStops(agents, { argument: "[agent]", options, targetOf }, shell);
  return agents;
}

const AGENT_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/u;

function addRegister(agents: Command, shell: Shell): void {
  onDirectory(agents.command("add").description("register an agent"))
    .argument("<name>")
    .option("--team <name>", "its team")
    .option("--clearance <level>", "1 to 5", "1")
    .option("--subject <subjects...>", "names in its certificate, subjects of its tokens")
    .action((name: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports, listed }) => {
        const clearance = CLEARANCES.find((level) => String(level) === options["clearance"]);
        if (clearance === undefined) {
          throw new CommandFailure(EXIT.usage, "--clearance takes a level from 1 to 5");
        }
        if (!AGENT_NAME.test(name)) {
          const form = "lower-case letters, digits, dots, dashes and underscores, at most 64";
          throw new CommandFailure(EXIT.usage, `"${name}" cannot be an agent's name`, form);
        }
        const agent: AgentRecord = {
          name: id(name),
          team: textOf(options, "team"),
          user: undefined,
          tags: {},
          clearance,
          description: undefined,
          active: true,
          subjects: textsOf(options, "subject"),
        };
        const entry = valueOf(await registerAgent(caller, agent, listed, ports));
        print([`registered ${entry.body.name}`], agentJson(entry), options, shell);
      }),
    );
  onDirectory(agents.command("remove").description("remove an agent, with its keys and sessions"))
    .argument("<name>")
    .action((name: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        valueOf(await removeAgent(caller, id(name), ports));
        print([`removed ${name}`], { removed: name }, options, shell);
      }),
    );
  onDirectory(
    agents.command("list").description("list the agents of the directory and the configuration"),
  ).action((options: Options) =>
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
      print([...lines, ...stopped], { agents: all, stops: stops.map(stopJson) }, options, shell);
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
