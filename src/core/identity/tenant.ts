import { id, type Instant, type TenantId } from "../units.ts";

/**
 * Everything of an installation that does not separate its customers. Its administrators are the
 * installation's operators: they make the other tenants, and what all tenants share is theirs.
 */
export const DEFAULT_TENANT: TenantId = id("default");

/** Why nothing of a tenant's is done. Its running calls are cut, its keys and logins refused. */
export interface Suspension {
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
}
