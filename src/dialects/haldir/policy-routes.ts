/** Haldir's `/v1/proxy/policies`. */
import { Type } from "typebox";
import { isJsonObject } from "../../core/json.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { POLICY_TYPES, policyJson, readPolicy } from "./policy-document.ts";
import { answer, fail } from "./wording.ts";

/** Which members a policy needs depends on its type: `readPolicy` says. */
const PolicyJson = Type.Object({ type: Type.Enum(POLICY_TYPES) });

export function policyRoutes(api: DialectApi, { book }: HaldirParts): void {
  api.post(
    "/v1/proxy/policies",
    {
      schema: { body: PolicyJson },
      config: { needs: { role: "admin", scope: "policies:write" } },
    },
    async (request, reply) => {
      const body: unknown = request.body;
      const read = readPolicy(isJsonObject(body) ? body : {});
      if (read.kind === "fault") return fail(reply, read.fault, request);
      const policy = read.value;
      const changed = await book.change(callerOf(request), (before) => ({
        ...before,
        policies: [...before.policies, policy],
      }));
      return answer(reply, 201, changed, () => ({ added: true, type: policy.kind }));
    },
  );
  api.get(
    "/v1/proxy/policies",
    { config: { needs: { role: "viewer", scope: "policies:read" } } },
    async (request) => {
      const { policies } = await book.read(callerOf(request).tenant);
      return { policies: policies.map(policyJson), count: policies.length };
    },
  );
}
