/** `/core/v1`: /secrets: the vault's entries; a value leaves only by `deliver`. */
import { Type } from "typebox";
import type { FastifyReply } from "fastify";
import type { Answer } from "../../core/fault.ts";
import { NOBODYS } from "../../core/secret/secret-terms.ts";
import { id, type SecretName } from "../../core/units.ts";
import { deliverSecret } from "../../operations/secrets/deliver-secret.ts";
import {
  amendSecret,
  findSecret,
  listSecrets,
  removeSecret,
  rollBackSecret,
  storeSecret,
} from "../../operations/secrets/manage-secrets.ts";
import type { SecretView } from "../../operations/secrets/secret-ports.ts";
import type { Api } from "./api.ts";
import { etagOf, ifMatch, IF_MATCH } from "./etag.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import {
  SecretJson,
  secretJson,
  SecretNameText,
  SECRET_EXAMPLE,
  termsFields,
  termsOf,
  ValueText,
} from "./secret-json.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const READ = { role: "viewer", scope: "secrets:read" } as const;
const WRITE = { role: "admin", scope: "secrets:write" } as const;
/** Apart from the others: whoever may list secrets need not be given one. */
const DELIVER = { role: "agent", scope: "secret_values:read" } as const;

const NameParams = Type.Object({ name: SecretNameText });
const TAGS = ["secrets"];

const NewSecretJson = Type.Object(
  { name: SecretNameText, value: ValueText, ...termsFields },
  {
    additionalProperties: false,
    description: "Without `binding` it is lent to no upstream, without `deliver` shown to nobody.",
    examples: [
      { name: "openai", value: "sk-…", binding: { origin: "https://api.openai.com" } },
      { name: "licence", value: "L-2026-…", deliver: true, scope_required: "read" },
    ],
  },
);
const NewVersionJson = Type.Object(
  { value: ValueText },
  { additionalProperties: false, examples: [{ value: "sk-…" }] },
);
const SecretChangesJson = Type.Object(termsFields, {
  additionalProperties: false,
  minProperties: 1,
  examples: [{ allowed_agents: ["support-bot"], expires_at: null }],
});
const RollbackJson = Type.Object(
  { version: Type.Integer({ minimum: 1 }) },
  { additionalProperties: false, examples: [{ version: 1 }] },
);
const DeliverJson = Type.Object(
  { session: Type.String({ maxLength: 128, description: "The agent's live session." }) },
  { additionalProperties: false, examples: [{ session: "ses_01kamz3v9e3x6v0q2m8r5t7w9y" }] },
);
const DeliveryJson = Type.Object(
  {
    name: Type.String(),
    version: Type.Integer(),
    value: Type.String(),
    delivered_at: TimeText,
    expires_at: Type.Optional(TimeText),
  },
  {
    examples: [
      {
        name: "licence",
        version: 1,
        value: "L-2026-…",
        delivered_at: "2026-11-21T06:00:00.000Z",
        expires_at: "2026-11-21T07:00:00.000Z",
      },
    ],
  },
);

export function secretRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addStores(api, services);
  addChanges(api, services);
  addDelivery(api, services);
}

function addReads(api: Api, { secrets }: Services): void {
  api.get(
    "/secrets",
    {
      schema: {
        summary: "List secrets",
        description: "By name, without values.",
        tags: TAGS,
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(SecretJson, SECRET_EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }, reply) => {
      const paging = pagingOf(query);
      return answer(reply, 200, await listSecrets(caller, paging, secrets), (views) =>
        page(views, paging, ({ entry }) => entry.name, secretJson),
      );
    },
  );
  api.get(
    "/secrets/:name",
    {
      schema: {
        summary: "Show a secret",
        description: "Its terms, versions and uses; never a value.",
        tags: TAGS,
        params: NameParams,
        response: { 200: SecretJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) =>
      shown(reply, 200, await findSecret(caller, id(params.name), secrets)),
  );
}

function addStores(api: Api, { secrets }: Services): void {
  api.post(
    "/secrets",
    {
      schema: {
        summary: "Store a secret",
        tags: TAGS,
        body: NewSecretJson,
        response: { 201: SecretJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const asked = termsOf(body);
      if (asked.kind === "fault") return sendFault(reply, asked.fault);
      const terms = { ...NOBODYS, ...asked.value };
      const { value } = body;
      const wish = { name: id<SecretName>(body.name), value, terms, mustBe: "absent" } as const;
      return shown(reply, 201, await storeSecret(caller, wish, "any", secrets));
    },
  );
  api.post(
    "/secrets/:name/versions",
    {
      schema: {
        summary: "Store a new version",
        description: "In use once this is answered, under the same terms; the older ones are kept.",
        tags: TAGS,
        params: NameParams,
        body: NewVersionJson,
        response: { 201: SecretJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body }, reply) => {
      const name = id<SecretName>(params.name);
      const wish = { name, value: body.value, terms: undefined, mustBe: "present" } as const;
      return shown(reply, 201, await storeSecret(caller, wish, "any", secrets));
    },
  );
}

function addChanges(api: Api, { secrets }: Services): void {
  api.patch(
    "/secrets/:name",
    {
      schema: {
        summary: "Change a secret's terms",
        description: "`null` takes a condition away.",
        tags: TAGS,
        params: NameParams,
        headers: IF_MATCH,
        body: SecretChangesJson,
        response: { 200: SecretJson },
      },
      config: { access: WRITE },
    },
    async (request, reply) => {
      const expect = ifMatch(request);
      if (expect.kind === "fault") return sendFault(reply, expect.fault);
      const changes = termsOf(request.body);
      if (changes.kind === "fault") return sendFault(reply, changes.fault);
      const target = { name: id<SecretName>(request.params.name), expect: expect.value };
      return shown(reply, 200, await amendSecret(request.caller, target, changes.value, secrets));
    },
  );
  api.post(
    "/secrets/:name/rollback",
    {
      schema: {
        summary: "Use an older version again",
        tags: TAGS,
        params: NameParams,
        body: RollbackJson,
        response: { 200: SecretJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body }, reply) => {
      const target = { name: id<SecretName>(params.name), expect: "any" } as const;
      return shown(reply, 200, await rollBackSecret(caller, target, body.version, secrets));
    },
  );
  api.delete(
    "/secrets/:name",
    {
      schema: {
        summary: "Remove a secret with all its versions",
        tags: TAGS,
        params: NameParams,
        response: { 204: Type.Null({ description: "Removed." }) },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) => {
      const target = { name: id<SecretName>(params.name), expect: "any" } as const;
      return answer(reply, 204, await removeSecret(caller, target, secrets), () => undefined);
    },
  );
}

function addDelivery(api: Api, { secrets }: Services): void {
  api.post(
    "/secrets/:name/deliver",
    {
      schema: {
        summary: "Give an agent a secret's value",
        description:
          "Only under a live session that its terms allow; on the ledger before it is given. " +
          "Prefer to have it lent: then the agent never sees it.",
        tags: TAGS,
        params: NameParams,
        body: DeliverJson,
        response: { 200: DeliveryJson },
      },
      config: { access: DELIVER },
    },
    async ({ caller, params, body }, reply) => {
      void reply.header("cache-control", "no-store");
      const right = { kind: "session", session: body.session } as const;
      const delivered = await deliverSecret(caller, id(params.name), right, secrets);
      return answer(reply, 200, delivered, ({ name, version, value, at, expiresAt }) => ({
        name,
        version,
        value,
        delivered_at: timeText(at),
        expires_at: timeText(expiresAt),
      }));
    },
  );
}

function shown(reply: FastifyReply, status: number, found: Answer<SecretView>): FastifyReply {
  if (found.kind === "done") void reply.header("etag", etagOf(found.value.entry));
  return answer(reply, status, found, secretJson);
}
