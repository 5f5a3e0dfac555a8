import type { AgentId, TenantId } from "../units.ts";
import type { Plan } from "./directory-entry.ts";
import type { Quota } from "./quota.ts";
import { includesRole, type Role } from "./role.ts";
import { DEFAULT_TENANT } from "./tenant.ts";

/** Who asks at a management door, after proof. */
export interface Caller {
  readonly kind: "key" | "login" | "token" | "cli" | "anonymous";
  /** Of the key, the user or the session: what the ledger names. */
  readonly id: string;
  /** As a person reads it. */
  readonly name: string;
  /** The person behind a login or a key of theirs. */
  readonly user?: string | undefined;
  readonly tenant: TenantId;
  readonly role: Role;
  /** Narrow the role: empty is all of it, else only these, such as `agents:read` or `agents:*`. */
  readonly scopes: readonly string[];
  /** Whose key it is, where an agent calls. */
  readonly agent: AgentId | undefined;
  /** Of a key: what it may ask, and what was agreed for it alone. */
  readonly plan?: Plan;
  readonly quota?: Quota;
}

/** Whoever calls where no credential is needed. */
export const NOBODY: Caller = {
  kind: "anonymous",
  id: "anonymous",
  name: "anonymous",
  tenant: DEFAULT_TENANT,
  role: "agent",
  scopes: [],
  agent: undefined,
};

/** `api.auth: open` on loopback: whoever reaches the listener may do everything. */
export const EVERYBODY: Caller = { ...NOBODY, role: "admin" };

/** What an operation asks of its caller. */
export interface Needs {
  readonly role: Role;
  /** `<resource>:read` or `<resource>:write`. */
  readonly scope: string;
  /** Whether it is about what all tenants share: then for callers of the default tenant only. */
  readonly operator?: boolean;
}

export function mayCall({ tenant, role, scopes }: Caller, needs: Needs): boolean {
  if (needs.operator === true && tenant !== DEFAULT_TENANT) return false;
  return includesRole(role, needs.role) && (scopes.length === 0 || covers(scopes, needs.scope));
}

/**
 * Whether a caller has all that somebody with this role and these scopes would have. What agents
 * may do themselves is whoever makes their keys' to give.
 */
export function hasRights(
  { role, scopes }: Pick<Caller, "role" | "scopes">,
  wanted: Pick<Caller, "role" | "scopes">,
): boolean {
  if (!includesRole(role, wanted.role)) return false;
  if (scopes.length === 0 || scopes.includes("*") || wanted.role === "agent") return true;
  return wanted.scopes.length > 0 && wanted.scopes.every((scope) => covers(scopes, scope));
}

/** `agents:*` and `agents:write` cover `agents:read`; `*` covers everything. */
function covers(held: readonly string[], needed: string): boolean {
  const resource = needed.slice(0, needed.indexOf(":"));
  const isRead = needed.endsWith(":read");
  return held.some(
    (scope) =>
      scope === "*" ||
      scope === needed ||
      scope === `${resource}:*` ||
      (isRead && scope === `${resource}:write`),
  );
}
