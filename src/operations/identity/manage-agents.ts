/** Agents of the directory, beside those that the configuration lists. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { AgentRecord, Entry } from "../../core/identity/directory-entry.ts";
import type { Write } from "../../core/identity/directory-store.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { AgentId, TenantId } from "../../core/units.ts";
import { changeDirectory, editEntry } from "./change-directory.ts";
import { findEntry } from "./find-entry.ts";

/** Keys that are revoked with their agent. */
const KEYS_MAX = 1_000;

export type AgentChanges = Partial<Omit<AgentRecord, "name">>;

export function agentEntryId(tenant: TenantId, name: AgentId): string {
  return `${tenant}/${name}`;
}

/** Whether the agent may act: of the configuration, or registered and not set aside. */
export async function isActiveAgent(
  { tenant, agent }: { readonly tenant: TenantId; readonly agent: AgentId },
  listed: ReadonlySet<string>,
  { store }: Pick<IdentityPorts, "store">,
): Promise<boolean> {
  if (isListed(tenant, agent, listed)) return true;
  return (await store.get("agent", agentEntryId(tenant, agent)))?.body.active === true;
}

/** Agents of the configuration are the default tenant's. */
export function isListed(tenant: TenantId, name: string, listed: ReadonlySet<string>): boolean {
  return tenant === DEFAULT_TENANT && listed.has(name);
}

export async function registerAgent(
  caller: Caller,
  agent: AgentRecord,
  listed: ReadonlySet<string>,
  ports: IdentityPorts,
): Promise<Answer<Entry<"agent">>> {
  if (isListed(caller.tenant, agent.name, listed)) {
    const detail = `The configuration lists an agent ${agent.name}: it is changed there.`;
    return fault("conflict", detail, { pointer: "/name" });
  }
  const claimed = mayClaim(caller, agent.subjects);
  if (claimed.kind === "fault") return claimed;
  const { tenant } = caller;
  const entry = {
    kind: "agent",
    id: agentEntryId(tenant, agent.name),
    tenant,
    createdAt: ports.now(),
    body: agent,
  } as const;
  const { name, clearance } = agent;
  const change = {
    change: "agent.registered",
    about: `agent:${name}`,
    by: caller.name,
    detail: { clearance, ...(agent.team !== undefined && { team: agent.team }) },
  };
  const written = await changeDirectory(change, [{ kind: "put", entry, expect: "absent" }], ports);
  return written.kind === "fault" ? written : done({ ...entry, revision: written.value });
}

export async function updateAgent(
  caller: Caller,
  name: AgentId,
  changes: AgentChanges,
  expect: number | "any",
  ports: IdentityPorts,
): Promise<Answer<Entry<"agent">>> {
  const change = {
    change: "agent.changed",
    about: `agent:${name}`,
    by: caller.name,
    detail: { fields: Object.keys(changes).toSorted().join(" ") },
  };
  return editEntry(expect, async (expected) => {
    const found = await findEntry("agent", agentEntryId(caller.tenant, name), caller, ports);
    if (found.kind === "fault") return found;
    const claimed = mayClaim(caller, changes.subjects);
    if (claimed.kind === "fault") return claimed;
    const entry = found.value;
    const body = { ...entry.body, ...changes };
    const write: Write = { kind: "put", entry: { ...entry, body }, expect: expected(entry) };
    const written = await changeDirectory(change, [write], ports);
    return written.kind === "fault" ? written : done({ ...entry, body, revision: written.value });
  });
}

/** Certificates and issuers are the installation's, so whose they are its operators say. */
function mayClaim(caller: Caller, subjects: readonly string[] = []): Answer<undefined> {
  const operator = caller.kind === "cli" || caller.tenant === DEFAULT_TENANT;
  if (operator || subjects.length === 0) return done(undefined);
  const detail = "Subjects of certificates and tokens are given by the operators.";
  return fault("forbidden", detail, { pointer: "/subjects" });
}

/** Its keys and sessions end with it. */
export async function removeAgent(
  caller: Caller,
  name: AgentId,
  ports: IdentityPorts,
): Promise<Answer<undefined>> {
  const { tenant } = caller;
  const found = await findEntry("agent", agentEntryId(tenant, name), caller, ports);
  if (found.kind === "fault") return found;
  const now = ports.now();
  const query = { tenant, owner: name, limit: KEYS_MAX };
  const [keys, sessions] = await Promise.all([
    ports.store.list("key", query),
    ports.store.list("session", query),
  ]);
  const ends: Write[] = [
    { kind: "remove", of: "agent", id: found.value.id, tenant, expect: found.value.revision },
    ...keys
      .filter(({ body }) => body.holder.kind === "agent" && body.revokedAt === undefined)
      .map((entry): Write => {
        const body = { ...entry.body, revokedAt: now };
        return { kind: "put", entry: { ...entry, body }, expect: "any" };
      }),
    ...sessions
      .filter(({ body }) => body.revokedAt === undefined)
      .map((entry): Write => {
        const body = { ...entry.body, revokedAt: now };
        return { kind: "put", entry: { ...entry, body }, expect: "any" };
      }),
  ];
  const detail = { keys: keys.length, sessions: sessions.length };
  const change = { change: "agent.removed", about: `agent:${name}`, by: caller.name, detail };
  const written = await changeDirectory(change, ends, ports);
  return written.kind === "fault" ? written : done(undefined);
}
