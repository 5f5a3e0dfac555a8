import type { Principal } from "./principal.ts";
import { id, type TenantId } from "./units.ts";

/**
 * Sallyport itself, where it asks a tenant's servers for its own sake. No agent can be called like
 * this, and no credential leads to it.
 */
export function gatePrincipal(tenant: TenantId): Principal {
  return {
    agent: id("~gate"),
    tenant,
    session: id("~gate/default"),
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "gate",
  };
}
