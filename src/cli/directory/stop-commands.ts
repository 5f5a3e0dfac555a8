/** `kill`, `freeze` and `resume` of whatever a group of commands is about. */
import type { Command } from "commander";
import { stopText, type StopTarget } from "../../core/identity/stop.ts";
import { isActiveAgent } from "../../operations/identity/manage-agents.ts";
import { liftStop, stopAgents } from "../../operations/identity/stop-agents.ts";
import { stopJson } from "../../manage/native/stop-routes.ts";
import {
  atDesk,
  onDirectory,
  print,
  valueOf,
  type DirectoryDesk,
  type Options,
} from "./directory-desk.ts";
import type { Shell } from "../shell.ts";

export interface Stoppable {
  /** As the usage line names it: `<id>` or `[agent]`. */
  readonly argument: string;
  /** What else may be named. */
  readonly options: readonly (readonly [flags: string, description: string])[];
  readonly targetOf: (name: string | undefined, options: Options) => StopTarget;
}

const MODES = {
  kill: "stop at once: refuse new calls, cut those that run; `resume` undoes it",
  freeze: "refuse new calls, let those that run finish; `resume` undoes it",
} as const;

export function addStops(parent: Command, stoppable: Stoppable, shell: Shell): void {
  const { targetOf } = stoppable;
  for (const mode of ["kill", "freeze"] as const) {
    begin(parent, mode, MODES[mode], stoppable)
      .requiredOption("--reason <text>", "why, for the record")
      .action((name: string | undefined, options: Options) =>
        atDesk(options, shell, async ({ caller, ports, listed }) => {
          const wish = { target: targetOf(name, options), mode, reason: String(options["reason"]) };
          const entry = valueOf(await stopAgents(caller, wish, ports));
          if (!(await isKnown(wish.target, { caller, ports, listed }))) {
            shell.err(`warning: no agent ${name} is known here; the stop waits for one\n`);
          }
          const line = `stopped ${stopText(entry.body.target)}: ${mode}`;
          print([line], stopJson(entry), options, shell);
        }),
      );
  }
  begin(parent, "resume", "lift the stop of `kill` or `freeze`", stoppable).action(
    (name: string | undefined, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const entry = valueOf(await liftStop(caller, targetOf(name, options), ports));
        print([`resumed ${stopText(entry.body.target)}`], stopJson(entry), options, shell);
      }),
  );
}

/** A stop counts at other gateways and for agents to come, so a name that nobody has is no fault. */
async function isKnown(
  target: StopTarget,
  { caller: { tenant }, ports, listed }: Pick<DirectoryDesk, "caller" | "ports" | "listed">,
): Promise<boolean> {
  if (target.kind !== "agent") return true;
  return isActiveAgent({ tenant, agent: target.agent }, listed, ports);
}

function begin(
  parent: Command,
  verb: string,
  description: string,
  { argument, options }: Stoppable,
): Command {
  const command = onDirectory(parent.command(verb).description(description)).argument(argument);
  for (const [flags, meaning] of options) command.option(flags, meaning);
  return command;
}
