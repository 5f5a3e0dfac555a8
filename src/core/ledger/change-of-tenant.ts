import { DEFAULT_TENANT } from "../identity/tenant.ts";
import type { TenantId } from "../units.ts";
import type { Change } from "./entry.ts";

/** Whoever looks at the record sees the changes of their own tenant. */
export function changeOfTenant(change: Change, tenant: TenantId): Change {
  if (tenant === DEFAULT_TENANT) return change;
  return { ...change, detail: { ...change.detail, tenant } };
}
