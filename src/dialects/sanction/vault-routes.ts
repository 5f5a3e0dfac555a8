/** Sanction's `/api/v1/credentials`: secrets stored, listed and delivered. */
import { Type, type Static } from "typebox";
import type { Caller } from "../../core/identity/caller.ts";
import type { SecretEntry } from "../../core/secret/secret-store.ts";
import { NOBODYS, SECRET_TYPES, type SecretTerms } from "../../core/secret/secret-terms.ts";
import { id, instant, type SecretName } from "../../core/units.ts";
import { findSession } from "../../operations/identity/manage-sessions.ts";
import { deliverSecret } from "../../operations/secrets/deliver-secret.ts";
import { findSecret, listSecrets, storeSecret } from "../../operations/secrets/manage-secrets.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { WalletQuery } from "./agent-routes.ts";
import { foreignWallet } from "./foreign-wallet.ts";
import { WORDING } from "./wording.ts";

const Label = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" });
const Texts = Type.Optional(
  Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 256 }),
);
const CredentialJson = Type.Object({
  wallet_id: Type.String(),
  label: Label,
  type: Type.Enum(SECRET_TYPES),
  value: Type.String({ minLength: 1 }),
  allowed_agent_ids: Texts,
  scopes: Texts,
  expires_at: Type.Optional(Type.String({ maxLength: 64 })),
});
const InjectionJson = Type.Object({ credential_label: Type.String() });

/** Credentials of one wallet that are listed. */
const LIST_MAX = 10_000;

export function vaultRoutes(api: DialectApi, core: DialectCore): void {
  addStore(api, core);
  addList(api, core);
  addInjection(api, core);
}

function addStore(api: DialectApi, { secrets }: DialectCore): void {
  api.post(
    "/api/v1/credentials/vault",
    { schema: { body: CredentialJson }, config: { asker: "owner" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { wallet_id: wallet, label, value, expires_at: end } = request.body;
      const foreign = foreignWallet(caller, wallet);
      if (foreign !== undefined) return WORDING.fail(reply, foreign, request);
      const endsAt = end === undefined ? undefined : Date.parse(end);
      if (endsAt !== undefined && !(endsAt >= 0)) {
        const detail = "expires_at: is not a date and time";
        return WORDING.fail(reply, { code: "invalid", detail }, request);
      }
      const name = id<SecretName>(label);
      const before = await findSecret(caller, name, secrets);
      const known = before.kind === "done" ? before.value.entry.terms : NOBODYS;
      const terms = termsOf(request.body, endsAt, known);
      const wish = { name, value, terms, mustBe: "any" } as const;
      const stored = await storeSecret(caller, wish, "any", secrets);
      if (stored.kind === "fault") return WORDING.fail(reply, stored.fault, request);
      const shown = credentialJson(caller, stored.value.entry);
      return reply.code(201).send({ ...shown, value: "[encrypted]" });
    },
  );
}

/** Where it is lent to, and who needs which clearance, is said elsewhere and stays. */
function termsOf(
  asked: Static<typeof CredentialJson>,
  endsAt: number | undefined,
  known: SecretTerms,
): SecretTerms {
  const { type, allowed_agent_ids: agents = [], scopes = [] } = asked;
  return {
    ...known,
    type,
    deliver: true,
    allowedAgents: agents.map((agent) => id(agent)),
    grants: scopes,
    expiresAt: endsAt === undefined ? undefined : instant(endsAt),
  };
}

function addList(api: DialectApi, { secrets }: DialectCore): void {
  api.get(
    "/api/v1/credentials/vault",
    { schema: { querystring: WalletQuery }, config: { asker: "owner" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const foreign = foreignWallet(caller, request.query.wallet_id);
      if (foreign !== undefined) return WORDING.fail(reply, foreign, request);
      const found = await listSecrets(caller, { after: undefined, limit: LIST_MAX }, secrets);
      if (found.kind === "fault") return WORDING.fail(reply, found.fault, request);
      const newestFirst = found.value.toSorted((a, b) => b.entry.createdAt - a.entry.createdAt);
      return {
        credentials: newestFirst.map(({ entry }) => {
          const { expiresAt } = entry.terms;
          const end = expiresAt === undefined ? null : new Date(expiresAt).toISOString();
          return { ...credentialJson(caller, entry), expiresAt: end };
        }),
      };
    },
  );
}

function credentialJson({ tenant }: Caller, { name, terms, createdAt }: SecretEntry) {
  return {
    id: `${tenant}:${name}`,
    label: name,
    type: terms.type,
    scopes: terms.grants,
    allowedAgentIds: terms.allowedAgents,
    createdAt: new Date(createdAt).toISOString(),
  };
}

function addInjection(api: DialectApi, { secrets }: DialectCore): void {
  api.post(
    "/api/v1/credentials/inject",
    { schema: { body: InjectionJson }, config: { asker: "execution" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { credential_label: label } = request.body;
      void reply.header("cache-control", "no-store");
      const session = await findSession(caller, caller.id, secrets);
      if (session.kind === "fault") return WORDING.fail(reply, session.fault, request);
      const { credentials, expiresAt } = session.value.body;
      if (credentials.length > 0 && !credentials.includes(label)) {
        const detail = "Credential not in JWT scope";
        return WORDING.fail(reply, { code: "forbidden", detail }, request);
      }
      const right = { kind: "session", session: caller.id } as const;
      const given = await deliverSecret(caller, id<SecretName>(label), right, secrets);
      if (given.kind === "fault") return WORDING.fail(reply, given.fault, request);
      const { type, value, at, expiresAt: end = expiresAt } = given.value;
      return {
        label,
        type,
        value,
        injected_at: new Date(at).toISOString(),
        expires_at: new Date(end).toISOString(),
      };
    },
  );
}
