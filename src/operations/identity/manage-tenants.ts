/** Tenants: made with a first administrator's key, suspended and resumed by the operators. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry, Plan, TenantRecord } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { KeyFamily } from "../../core/identity/key-family.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { id } from "../../core/units.ts";
import { changeDirectory } from "./change-directory.ts";
import { findEntry } from "./find-entry.ts";
import { newKey, type NewKey } from "./manage-keys.ts";

export interface TenantWish {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
  /** Whom to write to. */
  readonly contact?: string | undefined;
  /** Of its first key. */
  readonly family?: KeyFamily;
}

export interface NewTenant {
  readonly tenant: Entry<"tenant">;
  /** An administrator's, in the new tenant. */
  readonly first: NewKey;
}

export async function createTenant(
  caller: Caller,
  wish: TenantWish,
  ports: IdentityPorts,
): Promise<Answer<NewTenant>> {
  const at = ports.now();
  const { name, plan, contact, family = "spt" } = wish;
  const tenant = {
    kind: "tenant",
    id: wish.id,
    tenant: DEFAULT_TENANT,
    createdAt: at,
    body: { name, plan, suspended: undefined, ...(contact !== undefined && { contact }) },
  } as const;
  const key = {
    family,
    name: "admin",
    holder: { kind: "service", name: "admin" },
    role: "admin",
    scopes: [],
    plan,
    expiresAt: undefined,
  } as const;
  const first = newKey(key, id(wish.id), caller.name, at);
  const change = {
    change: "tenant.created",
    about: wish.id,
    by: caller.name,
    detail: { name, plan, key: first.entry.id },
  };
  const written = await changeDirectory(
    change,
    [
      { kind: "put", entry: tenant, expect: "absent" },
      { kind: "put", entry: first.entry, expect: "absent" },
    ],
    ports,
  );
  if (written.kind === "fault") {
    const taken = written.fault.code === "changed_meanwhile";
    return taken ? fault("conflict", `There is a tenant ${wish.id} already.`) : written;
  }
  const revision = written.value;
  return done({
    tenant: { ...tenant, revision },
    first: { ...first, entry: { ...first.entry, revision } },
  });
}

/** What runs for it is cut, on every replica; a second time changes the reason. */
export async function suspendTenant(
  caller: Caller,
  tenantId: string,
  reason: string,
  ports: IdentityPorts,
): Promise<Answer<Entry<"tenant">>> {
  if (tenantId === DEFAULT_TENANT) {
    return fault("invalid", "The default tenant is the operators' own: stop everything instead.");
  }
  const suspended = { reason, by: caller.name, at: ports.now() };
  return change(caller, tenantId, { suspended }, { kind: "tenant.suspended", reason }, ports);
}

export async function resumeTenant(
  caller: Caller,
  tenantId: string,
  ports: IdentityPorts,
): Promise<Answer<Entry<"tenant">>> {
  return change(caller, tenantId, { suspended: undefined }, { kind: "tenant.resumed" }, ports);
}

async function change(
  caller: Caller,
  tenantId: string,
  changes: Partial<TenantRecord>,
  { kind, ...detail }: { readonly kind: string; readonly reason?: string },
  ports: IdentityPorts,
): Promise<Answer<Entry<"tenant">>> {
  const found = await findEntry("tenant", tenantId, caller, ports);
  if (found.kind === "fault") return found;
  const entry = found.value;
  const body = { ...entry.body, ...changes };
  const written = await changeDirectory(
    { change: kind, about: tenantId, by: caller.name, detail },
    [{ kind: "put", entry: { ...entry, body }, expect: entry.revision }],
    ports,
  );
  return written.kind === "fault" ? written : done({ ...entry, body, revision: written.value });
}
