/** A person's word that what a session has read does no more bind it. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { includesRole } from "../../core/identity/role.ts";
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import type { SessionStore } from "../../core/session/session.ts";
import { id, type AgentId, type SessionId } from "../../core/units.ts";
import { errorOf } from "../../lib/caught.ts";

export interface MarkedSession {
  readonly agent: AgentId;
  readonly session: SessionId;
  readonly marks: readonly string[];
}

export interface MarkedName {
  readonly agent: string;
  /** Undefined: the one of calls that name none. */
  readonly session: string | undefined;
}

type Marks = Pick<SessionStore, "marks" | "clear">;

export async function showMarks(
  { tenant }: Caller,
  named: MarkedName,
  sessions: Marks,
): Promise<Answer<MarkedSession>> {
  const { agent, session } = nameOf(named);
  try {
    return done({ agent, session, marks: await sessions.marks({ tenant, agent, session }) });
  } catch (error) {
    return unreachable(error);
  }
}

/** Answers with the marks that were taken off; in force at every replica. On the record first. */
export async function clearMarks(
  caller: Caller,
  named: MarkedName,
  sessions: Marks,
  { ledger }: Pick<IdentityPorts, "ledger">,
): Promise<Answer<MarkedSession>> {
  if (!includesRole(caller.role, "compliance_officer")) {
    return fault("forbidden", "Marks are taken off by whoever may stop agents.");
  }
  const found = await showMarks(caller, named, sessions);
  if (found.kind === "fault" || found.value.marks.length === 0) return found;
  const { agent, session, marks } = found.value;
  const detail = { agent, marks: marks.join(" ") };
  const change = { change: "session.marks_cleared", about: session, by: caller.name, detail };
  if (!ledger.healthy || !(await ledger.change(changeOfTenant(change, caller.tenant)))) {
    return fault("unavailable", "Nothing was changed: the ledger cannot be written now.");
  }
  try {
    const cleared = await sessions.clear({ tenant: caller.tenant, agent, session });
    return done({ agent, session, marks: cleared });
  } catch (error) {
    return unreachable(error);
  }
}

function nameOf({ agent, session }: MarkedName): Omit<MarkedSession, "marks"> {
  return { agent: id(agent), session: id(session ?? `${agent}/default`) };
}

function unreachable(error: unknown): Answer<never> {
  return fault("unavailable", "Marks of sessions cannot be reached now.", {
    cause: errorOf(error),
  });
}
