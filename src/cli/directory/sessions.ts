/** `sallyport sessions`: rights of one run of an agent. */
import { Command } from "commander";
import { isLive } from "../../core/identity/agent-session.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { StopTarget } from "../../core/identity/stop.ts";
import { id } from "../../core/units.ts";
import { printable } from "../../lib/printable.ts";
import { revokeSession } from "../../operations/identity/manage-sessions.ts";
import { sessionJson } from "../../manage/native/session-routes.ts";
import { atDesk, onDirectory, print, textOf, valueOf, type Options } from "./directory-desk.ts";
import type { Shell } from "../shell.ts";
import { addStops } from "./stop-commands.ts";

const SESSIONS_SHOWN = 1_000;

export function sessionsCommand(shell: Shell): Command {
  const sessions = new Command("sessions");
  onDirectory(sessions.command("list").description("list the sessions that are live"))
    .option("--agent <name>", "of this agent only")
    .option("--all", "those that are over as well")
    .action((options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const { tenant } = caller;
        const owner = textOf(options, "agent");
        const found = await ports.store.list("session", { tenant, owner, limit: SESSIONS_SHOWN });
        const now = ports.now();
        const shown = found.filter(({ body }) => options["all"] === true || isLive(body, now));
        print(shown.map(lineOf), shown.map(sessionJson(now)), options, shell);
      }),
    );
  onDirectory(
    sessions.command("revoke").description("end a session for good, and cut what runs under it"),
  )
    .argument("<id>")
    .action((sessionId: string, options: Options) =>
      atDesk(options, shell, async ({ caller, ports }) => {
        const entry = valueOf(await revokeSession(caller, sessionId, ports));
        print([`revoked ${entry.id}`], sessionJson(ports.now())(entry), options, shell);
      }),
    );
  const targetOf = (name = ""): StopTarget => ({ kind: "session", session: id(name) });
  addStops(sessions, { argument: "<id>", options: [], targetOf }, shell);
  return sessions;
}

function lineOf({ body }: Entry<"session">): string {
  const { id: name, agent, scopes, expiresAt, revokedAt } = body;
  const end = revokedAt === undefined ? `until ${new Date(expiresAt).toISOString()}` : "revoked";
  return `${name}  ${printable(agent)}  ${scopes.join(" ")}  ${end}`;
}
