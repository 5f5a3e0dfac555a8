/** Keys: made, shown once, rotated, revoked. Only their hashes are kept. */
import { done, fault, type Answer } from "../../core/fault.ts";
import { hasRights, type Caller } from "../../core/identity/caller.ts";
import {
  PLAN_DEFAULT,
  type Entry,
  type KeyHolder,
  type KeyRecord,
  type Plan,
} from "../../core/identity/directory-entry.ts";
import { isWithinPlan, type Quota } from "../../core/identity/quota.ts";
import type { Write } from "../../core/identity/directory-store.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { KEY_FAMILIES, shownPart, type KeyFamily } from "../../core/identity/key-family.ts";
import { includesRole, type Role } from "../../core/identity/role.ts";
import { instant, type Instant, type TenantId } from "../../core/units.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { newId, randomToken } from "../../lib/ids.ts";
import { impossible } from "../../lib/impossible.ts";
import { changeDirectory } from "./change-directory.ts";
import { isActiveAgent } from "./manage-agents.ts";

export interface KeyWish {
  readonly family: KeyFamily;
  readonly name: string;
  readonly holder: KeyHolder;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** Undefined: the tenant's. */
  readonly plan: Plan | undefined;
  readonly quota?: Quota | undefined;
  readonly expiresAt: Instant | undefined;
}

/** A key just made: the only time that its text is there. */
export interface NewKey {
  readonly entry: Entry<"key">;
  readonly key: string;
}

export interface ShownKey {
  readonly entry: Entry<"key">;
  readonly lastUsedAt: Instant | undefined;
}

/** 256 bits: nothing is gained by trying, so a plain hash keeps it. */
const KEY_BYTES = 32;

export async function createKey(
  caller: Caller,
  wish: KeyWish,
  listed: ReadonlySet<string>,
  ports: IdentityPorts,
): Promise<Answer<NewKey>> {
  const wrong = beyondCaller(caller, wish) ?? (await wrongHolder(caller, wish, listed, ports));
  if (wrong !== undefined) return wrong;
  const planned = await planOf(caller, wish.plan, ports);
  if (planned.kind === "fault") return planned;
  const plan = planned.value;
  const made = newKey({ ...wish, plan }, caller.tenant, caller.name, ports.now());
  const change = {
    change: "key.created",
    about: made.entry.id,
    by: caller.name,
    detail: {
      name: wish.name,
      role: wish.role,
      plan,
      holder: holderText(wish.holder),
      shown: made.entry.body.shown,
    },
  };
  const write: Write = { kind: "put", entry: made.entry, expect: "absent" };
  const written = await changeDirectory(change, [write], ports);
  if (written.kind === "fault") return written;
  return done({ ...made, entry: { ...made.entry, revision: written.value } });
}

/** Nobody gives away more than they have. */
function beyondCaller(caller: Caller, wish: KeyWish): Answer<never> | undefined {
  if (!includesRole(caller.role, wish.role)) {
    return fault("forbidden", "A key cannot have a higher role than yours.", { pointer: "/role" });
  }
  if (hasRights(caller, wish)) return undefined;
  const detail = `You act with the scopes ${caller.scopes.join(", ")}: name some of them for it.`;
  return fault("forbidden", detail, { pointer: "/scopes" });
}

async function wrongHolder(
  { tenant }: Caller,
  { holder, role }: KeyWish,
  listed: ReadonlySet<string>,
  ports: IdentityPorts,
): Promise<Answer<never> | undefined> {
  switch (holder.kind) {
    case "agent": {
      if (role !== "agent") {
        const detail = "An agent's key has the role agent: a key for management is a service's.";
        return fault("invalid", detail, { pointer: "/role" });
      }
      if (await isActiveAgent({ tenant, ...holder }, listed, ports)) return undefined;
      const { agent } = holder;
      const detail = `There is no active agent ${agent}: register it, or list it in the config.`;
      return fault("invalid", detail, { pointer: "/agent" });
    }
    case "user": {
      const user = await ports.store.get("user", holder.user);
      if (user?.tenant !== tenant) {
        return fault("invalid", "There is no such user.", { pointer: "/user" });
      }
      if (includesRole(user.body.role, role)) return undefined;
      return fault("invalid", "The user has a lower role.", { pointer: "/role" });
    }
    case "service":
      return undefined;
    default:
      return impossible(holder);
  }
}

/** No key asks for more than its tenant has. */
async function planOf(
  { tenant }: Caller,
  wished: Plan | undefined,
  { store }: IdentityPorts,
): Promise<Answer<Plan>> {
  const highest = (await store.get("tenant", tenant))?.body.plan ?? PLAN_DEFAULT;
  if (wished === undefined) return done(highest);
  if (isWithinPlan(wished, highest)) return done(wished);
  return fault("invalid", `The tenant's plan is ${highest}.`, { pointer: "/plan" });
}

/** A wish that is granted: nothing is open. */
export type KeyTerms = KeyWish & { readonly plan: Plan };

export function newKey(terms: KeyTerms, tenant: TenantId, createdBy: string, now: Instant): NewKey {
  const { family, name, holder, role, scopes, plan, quota, expiresAt } = terms;
  const key = KEY_FAMILIES[family].prefix + randomToken(KEY_BYTES);
  const body: KeyRecord = {
    family,
    name,
    holder,
    sha256: sha256Hex(key),
    shown: shownPart(key, family),
    role,
    scopes,
    plan,
    ...(quota !== undefined && { quota }),
    expiresAt,
    revokedAt: undefined,
    createdBy,
  };
  const entry = {
    kind: "key",
    id: newId("key", now),
    tenant,
    revision: 0,
    createdAt: now,
    body,
  } as const;
  return { entry, key };
}

export async function getKey(
  caller: Caller,
  id: string,
  { store }: IdentityPorts,
): Promise<Answer<ShownKey>> {
  const entry = await store.get("key", id);
  if (entry?.tenant !== caller.tenant) return NO_KEY;
  const uses = await store.lastUses([id]);
  return done({ entry, lastUsedAt: uses.get(id) });
}

export async function listKeys(
  caller: Caller,
  query: {
    readonly owner: string | undefined;
    readonly after: string | undefined;
    readonly limit: number;
  },
  { store }: IdentityPorts,
): Promise<readonly ShownKey[]> {
  const entries = await store.list("key", { tenant: caller.tenant, ...query });
  const uses = await store.lastUses(entries.map(({ id }) => id));
  return entries.map((entry) => ({ entry, lastUsedAt: uses.get(entry.id) }));
}

/** At once on every replica; a second time is no error. */
export async function revokeKey(
  caller: Caller,
  id: string,
  ports: IdentityPorts,
): Promise<Answer<ShownKey>> {
  const found = await getKey(caller, id, ports);
  if (found.kind === "fault") return found;
  const { entry } = found.value;
  const now = ports.now();
  const { revokedAt } = entry.body;
  if (revokedAt !== undefined && revokedAt <= now) return found;
  const body = { ...entry.body, revokedAt: now };
  const change = { change: "key.revoked", about: id, by: caller.name, detail: {} };
  const write: Write = { kind: "put", entry: { ...entry, body }, expect: "any" };
  const written = await changeDirectory(change, [write], ports);
  if (written.kind === "fault") return written;
  return done({ ...found.value, entry: { ...entry, body, revision: written.value } });
}

/** A new key with the same rights; the old one ends after `grace` milliseconds. */
export async function rotateKey(
  caller: Caller,
  id: string,
  grace: number,
  ports: IdentityPorts,
): Promise<Answer<NewKey>> {
  const found = await getKey(caller, id, ports);
  if (found.kind === "fault") return found;
  const { entry: old } = found.value;
  const now = ports.now();
  if (old.body.revokedAt !== undefined) {
    return fault("conflict", "A key that was revoked or rotated cannot be rotated again.");
  }
  if (!includesRole(caller.role, old.body.role)) {
    return fault("forbidden", "The key has a higher role than yours.");
  }
  if (!hasRights(caller, old.body)) {
    return fault("forbidden", "The key has scopes that you have not: whoever rotates it holds it.");
  }
  const made = newKey(old.body, old.tenant, caller.name, now);
  const retired = { ...old, body: { ...old.body, revokedAt: instant(now + grace) } };
  const change = {
    change: "key.rotated",
    about: id,
    by: caller.name,
    detail: { successor: made.entry.id, grace_ms: grace },
  };
  const written = await changeDirectory(
    change,
    [
      { kind: "put", entry: made.entry, expect: "absent" },
      { kind: "put", entry: retired, expect: old.revision },
    ],
    ports,
  );
  if (written.kind === "fault") return written;
  return done({ ...made, entry: { ...made.entry, revision: written.value } });
}

const NO_KEY = fault("not_found", "There is no such key.");

export function holderText(holder: KeyHolder): string {
  switch (holder.kind) {
    case "agent":
      return `agent:${holder.agent}`;
    case "service":
      return `service:${holder.name}`;
    case "user":
      return `user:${holder.user}`;
    default:
      return impossible(holder);
  }
}
