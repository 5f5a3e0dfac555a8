/** `sallyport sessions`: rights of one run of an agent. */
import { Command } from "commander";
import { isLive } from "../../core/identity/agent-session.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { StopTarget } from "../../core/identity/stop.ts";
import { id } from "../../core/units.ts";
import { printable } from "../../lib/printable.ts";
import { clearMarks, showMarks } from "../../operations/identity/clear-marks.ts";
import { revokeSession } from "../../operations/identity/manage-sessions.ts";
import { marksJson } from "../../manage/native/mark-routes.ts";
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
  addMarks(sessions, shell);
  const targetOf = (name = ""): StopTarget => ({ kind: "session", session: id(name) });
  addStops(sessions, { argument: "<id>", options: [], targetOf }, shell);
  return sessions;
}

const SESSION = "as the agent names it (default: that of calls which name none)";

function addMarks(sessions: Command, shell: Shell): void {
  onDirectory(sessions.command("marks").description("what a session has read, as marks"))
    .argument("<agent>")
    .argument("[session]", SESSION)
    .action((agent: string, session: string | undefined, options: Options) =>
      atDesk(options, shell, async ({ caller, sessions: open }) => {
        const found = valueOf(await showMarks(caller, { agent, session }, await open()));
        print(found.marks, marksJson(found), options, shell);
      }),
    );
  onDirectory(
    sessions.command("unmark").description("take its marks off: what it has read binds it no more"),
  )
    .argument("<agent>")
    .argument("[session]", SESSION)
    .action((agent: string, session: string | undefined, options: Options) =>
      atDesk(options, shell, async ({ caller, ports, sessions: open }) => {
        const named = { agent, session };
        const cleared = valueOf(await clearMarks(caller, named, await open(), ports));
        const lines = cleared.marks.map((mark) => `took off ${mark}`);
        print(lines, marksJson(cleared), options, shell);
      }),
    );
}

function lineOf({ body }: Entry<"session">): string {
  const { id: name, agent, scopes, expiresAt, revokedAt } = body;
  const end = revokedAt === undefined ? `until ${new Date(expiresAt).toISOString()}` : "revoked";
  return `${name}  ${printable(agent)}  ${scopes.join(" ")}  ${end}`;
}
