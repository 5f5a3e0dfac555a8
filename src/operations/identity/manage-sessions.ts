/** Sessions of agents: rights for one run, made beforehand, revoked at any time. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import {
  SESSION_PREFIX,
  type AgentSession,
  type SessionScope,
} from "../../core/identity/agent-session.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { id, instant, type AgentId, type NanoUsd, type SessionId } from "../../core/units.ts";
import { includesRole } from "../../core/identity/role.ts";
import { newId } from "../../lib/ids.ts";
import { isActiveAgent } from "./manage-agents.ts";
import { changeDirectory } from "./change-directory.ts";
import { findEntry } from "./find-entry.ts";

export interface SessionWish {
  readonly agent: AgentId;
  readonly scopes: readonly SessionScope[];
  readonly credentials: readonly string[];
  readonly spendLimit: NanoUsd | undefined;
  readonly tokenLimit: number | undefined;
  readonly task: string | undefined;
  readonly container: string | undefined;
  /** Milliseconds. */
  readonly ttl: number;
}

/** An agent opens sessions for itself only, an administrator for every agent. */
export async function createSession(
  caller: Caller,
  wish: SessionWish,
  listed: ReadonlySet<string>,
  ports: IdentityPorts,
): Promise<Answer<Entry<"session">>> {
  const { tenant } = caller;
  const { agent, scopes, credentials, spendLimit, tokenLimit, task, container, ttl } = wish;
  const refused = mayNotOpen(caller, agent);
  if (refused !== undefined) return refused;
  if (!(await isActiveAgent({ tenant, agent }, listed, ports))) {
    return fault("invalid", `There is no active agent ${agent}.`, { pointer: "/agent" });
  }
  const now = ports.now();
  const session: SessionId = id(newId(SESSION_PREFIX.slice(0, -1), now));
  const body: AgentSession = {
    id: session,
    tenant,
    agent,
    // Whoever gives money to spend gives the right to spend it.
    scopes: spendLimit === undefined || scopes.includes("spend") ? scopes : [...scopes, "spend"],
    credentials,
    spendLimit,
    tokenLimit,
    task,
    container,
    expiresAt: instant(now + ttl),
    revokedAt: undefined,
    createdBy: caller.name,
  };
  const entry = { kind: "session", id: session, tenant, createdAt: now, body } as const;
  const change = {
    change: "session.created",
    about: session,
    by: caller.name,
    detail: {
      agent,
      scopes: body.scopes.join(" "),
      expires_at: body.expiresAt,
      ...(spendLimit !== undefined && { spend_limit_nano_usd: spendLimit }),
      ...(tokenLimit !== undefined && { token_limit: tokenLimit }),
      ...(credentials.length > 0 && { credentials: credentials.join(" ") }),
      ...(container !== undefined && { container }),
    },
  };
  const written = await changeDirectory(change, [{ kind: "put", entry, expect: "absent" }], ports);
  return written.kind === "fault" ? written : done({ ...entry, revision: written.value });
}

/** Whoever has a session acts as its agent: that is not for those who only look. */
function mayNotOpen({ role, agent: self }: Caller, agent: AgentId): Answer<never> | undefined {
  if (role === "agent") {
    if (self === agent) return undefined;
    return fault("forbidden", "An agent opens sessions for itself only.", { pointer: "/agent" });
  }
  if (includesRole(role, "admin")) return undefined;
  return fault("forbidden", "Sessions are opened by agents and administrators.");
}

/** What runs under it is cut, everywhere; a second time is no error. */
export async function revokeSession(
  caller: Caller,
  sessionId: string,
  ports: IdentityPorts,
): Promise<Answer<Entry<"session">>> {
  // As with stops: ending what runs is more than looking at it.
  if (caller.role !== "agent" && !includesRole(caller.role, "compliance_officer")) {
    return fault("forbidden", "Sessions are ended by agents and whoever may stop them.");
  }
  const found = await findSession(caller, sessionId, ports);
  if (found.kind === "fault" || found.value.body.revokedAt !== undefined) return found;
  const entry = found.value;
  const body = { ...entry.body, revokedAt: ports.now() };
  const { agent } = body;
  const change = {
    change: "session.revoked",
    about: sessionId,
    by: caller.name,
    detail: { agent },
  };
  const written = await changeDirectory(
    change,
    [{ kind: "put", entry: { ...entry, body }, expect: "any" }],
    ports,
  );
  return written.kind === "fault" ? written : done({ ...entry, body, revision: written.value });
}

/** An agent sees its own sessions only, the bearer of a token the one that it is. */
export async function findSession(
  caller: Caller,
  sessionId: string,
  ports: IdentityPorts,
): Promise<Answer<Entry<"session">>> {
  const found = await findEntry("session", sessionId, caller, ports);
  if (found.kind === "fault") return found;
  const { id, body } = found.value;
  const ofAnother = caller.role === "agent" && caller.agent !== body.agent;
  const foreign = ofAnother || (caller.kind === "token" && caller.id !== id);
  return foreign ? fault("not_found", "There is no such session.") : found;
}
