/** Sanction's `/api/v1/wallets`. */
import type { FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import { EVERYBODY, type Caller } from "../../core/identity/caller.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { id, type TenantId } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";
import { mayBegin } from "../../operations/identity/bootstrap.ts";
import { createTenant, type NewTenant } from "../../operations/identity/manage-tenants.ts";
import { replaceBundle } from "../../operations/policies/manage-bundles.ts";
import { callerIfAny, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { WORDING } from "./wording.ts";
import { POLICY_DEFAULT, walletBundle } from "./wallet-policy.ts";

const Dollars = Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000 }));

const WalletJson = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 64 }),
  owner_email: Type.String({ pattern: "^[^\\s@]+@[^\\s@]+[.][^\\s@]+$", maxLength: 254 }),
  /** Beyond the document: limits other than the defaults. */
  policy: Type.Optional(
    Type.Object(
      {
        daily_spend_usd: Dollars,
        per_transaction_usd: Dollars,
        escalate_over_usd: Dollars,
        daily_token_usd: Dollars,
        blocked_categories: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 }),
        ),
      },
      { additionalProperties: false },
    ),
  ),
});

const WARNING =
  "Store this management key now. It will not be shown again. Required (x-mgmt-key) to manage " +
  "this wallet.";

export function walletRoutes(api: DialectApi, core: DialectCore): void {
  api.post(
    "/api/v1/wallets",
    { schema: { body: WalletJson }, config: { anonymous: true, asker: "owner" } },
    async (request, reply) => {
      const operator = await operatorOf(request, core);
      if (operator.kind === "fault") return WORDING.fail(reply, operator.fault, request);
      const made = await openWallet(operator.value, request.body, core);
      if (made.kind === "fault") return WORDING.fail(reply, made.fault, request);
      const { tenant, first } = made.value;
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({
          id: tenant.id,
          name: tenant.body.name,
          owner_email: tenant.body.contact,
          management_key: first.key,
          management_key_prefix: first.entry.body.shown,
          warning: WARNING,
          created_at: new Date(tenant.createdAt).toISOString(),
        });
    },
  );
}

/** The operators make wallets; before there are any, whoever may make the first key. */
async function operatorOf(request: FastifyRequest, core: DialectCore): Promise<Answer<Caller>> {
  const caller = callerIfAny(request);
  if (caller?.role === "admin" && caller.tenant === DEFAULT_TENANT) return done(caller);
  const begun = await core.identity.ports.store.get("tenant", DEFAULT_TENANT);
  const token = request.headers["x-bootstrap-token"];
  const { ip, hostname, headers } = request;
  const asker = {
    ip,
    hostname,
    headers,
    token: typeof token === "string" ? token : undefined,
  };
  if (caller === undefined && begun === undefined && mayBegin(asker, core.bootstrap)) {
    return done(EVERYBODY);
  }
  const detail = "Wallets are made with an operator's key in x-mgmt-key.";
  return fault(caller === undefined ? "unauthenticated" : "forbidden", detail);
}

async function openWallet(
  operator: Caller,
  { name, owner_email: contact, policy }: Static<typeof WalletJson>,
  { identity: { ports }, policies, gate }: DialectCore,
): Promise<Answer<NewTenant>> {
  const wallet = newId("wal", ports.now());
  const wish = { id: wallet, name, plan: "enterprise", contact, family: "sk" } as const;
  const made = await createTenant(operator, wish, ports);
  if (made.kind === "fault") return made;
  const owner: Caller = { ...operator, tenant: id<TenantId>(wallet) };
  const bundle = walletBundle({ ...POLICY_DEFAULT, ...policy });
  const bound = await replaceBundle(owner, bundle, policies.ports);
  if (bound.kind === "fault") return bound;
  await gate.inForce((await policies.snapshot()).digest);
  return made;
}
