/** Haldir's `/v1/usage`: what a key's plan allows and what is left. */
import { Type } from "typebox";
import { monthOf } from "../../core/identity/quota.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { METER, tierOf } from "./tiers.ts";

const Query = Type.Object({
  month: Type.Optional(Type.String({ pattern: "^[0-9]{4}-[0-9]{2}$" })),
});

export function usageRoutes(api: DialectApi, { core: { identity } }: HaldirParts): void {
  const { quotas, ports } = identity;
  api.get(
    "/v1/usage",
    { schema: { querystring: Query }, config: { needs: { role: "agent", scope: "self:read" } } },
    async (request) => {
      const { tenant, plan } = callerOf(request);
      const { month = monthOf(ports.now()) } = request.query;
      const count = await quotas.usedIn(month, { tenant, meter: METER.name });
      return { tenant_id: tenant, month, action_count: count, tier: tierOf(plan) };
    },
  );
}
