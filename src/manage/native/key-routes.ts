/** `/core/v1`: /keys, and /bootstrap for the first one. */
import { Type, type Static } from "typebox";
import { PLANS, type KeyHolder } from "../../core/identity/directory-entry.ts";
import { FAMILY_NAMES } from "../../core/identity/key-family.ts";
import { ROLES } from "../../core/identity/role.ts";
import { fault } from "../../core/fault.ts";
import { id, instant } from "../../core/units.ts";
import { createFirstKey, mayBegin } from "../../operations/identity/bootstrap.ts";
import {
  createKey,
  getKey,
  holderText,
  listKeys,
  revokeKey,
  rotateKey,
  type KeyWish,
  type NewKey,
  type ShownKey,
} from "../../operations/identity/manage-keys.ts";
import type { Api } from "./api.ts";
import { IdParams, Name, type Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  id: "key_01kamz3v9e3x6v0q2m8r5t7w9y",
  family: "spt",
  name: "ci",
  holder: "service:ci",
  shown: "spt_9fK2xQ",
  role: "viewer",
  scopes: ["ledger:read"],
  plan: "pro",
  created_at: "2026-11-21T06:00:00.000Z",
  created_by: "alice",
};

const Requests = Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 }));
const QuotaJson = Type.Object(
  { minute: Requests, hour: Requests, month: Requests },
  {
    additionalProperties: false,
    description: "Requests agreed for this key alone, in place of its plan's.",
  },
);

const KEY_FIELDS = {
  id: Type.String(),
  family: Type.Enum(FAMILY_NAMES),
  name: Type.String(),
  holder: Type.String({ description: "agent:, service: or user: and whose key it is." }),
  shown: Type.String({ description: "The first characters, to recognise it by." }),
  role: Type.Enum(ROLES),
  scopes: Type.Array(Type.String()),
  plan: Type.Enum(PLANS),
  quota: Type.Optional(QuotaJson),
  created_at: TimeText,
  created_by: Type.String(),
  expires_at: Type.Optional(TimeText),
  revoked_at: Type.Optional(TimeText),
  last_used_at: Type.Optional(TimeText),
};

const KeyJson = Type.Object(KEY_FIELDS, { examples: [EXAMPLE] });

const NEW_EXAMPLE = { ...EXAMPLE, key: "spt_9fK2xQ…" };
const NewKeyJson = Type.Object(
  { ...KEY_FIELDS, key: Type.String({ description: "Shown this once." }) },
  { examples: [NEW_EXAMPLE] },
);

const KeyWishJson = Type.Object(
  {
    name: Name,
    family: Type.Optional(Type.Enum(FAMILY_NAMES)),
    agent: Type.Optional(Name),
    user: Type.Optional(Type.String({ maxLength: 64 })),
    role: Type.Optional(Type.Enum(ROLES)),
    scopes: Type.Optional(
      Type.Array(Type.String({ pattern: "^([a-z_]+:(read|write|[*])|[*])$" }), { maxItems: 64 }),
    ),
    plan: Type.Optional(Type.Enum(PLANS)),
    quota: Type.Optional(QuotaJson),
    expires_in_s: Type.Optional(Type.Integer({ minimum: 1, maximum: 315_360_000 })),
  },
  {
    additionalProperties: false,
    description:
      "Of an agent, of a user, or of a service where neither is named. Without a plan: the tenant's.",
    examples: [{ name: "ci", role: "viewer", scopes: ["ledger:read"], plan: "pro" }],
  },
);

const READ = { role: "viewer", scope: "keys:read" } as const;
const WRITE = { role: "admin", scope: "keys:write" } as const;
const GRACE_MAX_S = 30 * 86_400;

export function keyRoutes(api: Api, services: Services): void {
  addFirstKey(api, services);
  addReads(api, services);
  addWrites(api, services);
  addRevocation(api, services);
}

function addFirstKey(api: Api, { identity, bootstrap }: Services): void {
  api.post(
    "/bootstrap",
    {
      schema: {
        summary: "Make the first key",
        description:
          "From this machine (unless `api.local_bootstrap` is false), or with the bootstrap token " +
          "where one is configured.",
        tags: ["keys"],
        body: Type.Object(
          { name: Type.Optional(Name), bootstrap_token: Type.Optional(Type.String()) },
          { additionalProperties: false, examples: [{ name: "admin" }] },
        ),
        response: { 201: NewKeyJson },
      },
      config: { access: "public" },
    },
    async (request, reply) => {
      const { name = "admin", bootstrap_token: token } = request.body;
      const { ip, hostname, headers } = request;
      if (!mayBegin({ ip, hostname, headers, token }, bootstrap)) {
        const detail =
          bootstrap.token === undefined
            ? "The first key is made on the machine itself: `sallyport keys create`."
            : "This is not the bootstrap token.";
        return sendFault(reply, { code: "unauthenticated", detail });
      }
      return answer(
        reply,
        201,
        await createFirstKey({ name, family: "spt" }, identity.ports),
        newKeyJson,
      );
    },
  );
}

function addReads(api: Api, { identity: { ports } }: Services): void {
  api.get(
    "/keys",
    {
      schema: {
        summary: "List keys",
        tags: ["keys"],
        querystring: Type.Object(
          { ...PAGE_QUERY, holder: Type.Optional(Type.String({ maxLength: 128 })) },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(KeyJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const keys = await listKeys(caller, { owner: query.holder, ...paging }, ports);
      return page(keys, paging, ({ entry }) => entry.id, keyJson);
    },
  );
  api.get(
    "/keys/:id",
    {
      schema: {
        summary: "Show a key",
        tags: ["keys"],
        params: IdParams,
        response: { 200: KeyJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await getKey(caller, params.id, ports), keyJson),
  );
}

function addWrites(api: Api, { identity: { ports, listedAgents } }: Services): void {
  const listed = new Set(listedAgents.keys());
  api.post(
    "/keys",
    {
      schema: {
        summary: "Make a key",
        tags: ["keys"],
        body: KeyWishJson,
        response: { 201: NewKeyJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      if (body.agent !== undefined && body.user !== undefined) {
        const detail = "A key is an agent's or a user's.";
        return answer(reply, 201, fault("invalid", detail, { pointer: "/user" }), newKeyJson);
      }
      return answer(
        reply,
        201,
        await createKey(caller, wishOf(body, ports.now()), listed, ports),
        newKeyJson,
      );
    },
  );
  api.post(
    "/keys/:id/rotate",
    {
      schema: {
        summary: "Replace a key",
        tags: ["keys"],
        params: IdParams,
        body: Type.Object(
          { grace_s: Type.Optional(Type.Integer({ minimum: 0, maximum: GRACE_MAX_S })) },
          {
            additionalProperties: false,
            description: "`grace_s`: how long the old key still works; 0.",
            examples: [{ grace_s: 3600 }],
          },
        ),
        response: { 201: NewKeyJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body }, reply) => {
      const grace = (body.grace_s ?? 0) * 1000;
      return answer(reply, 201, await rotateKey(caller, params.id, grace, ports), newKeyJson);
    },
  );
}

function addRevocation(api: Api, { identity: { ports } }: Services): void {
  api.delete(
    "/keys/:id",
    {
      schema: {
        summary: "Revoke a key",
        tags: ["keys"],
        params: IdParams,
        response: { 200: KeyJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await revokeKey(caller, params.id, ports), keyJson),
  );
}

function wishOf(body: Static<typeof KeyWishJson>, now: number): KeyWish {
  const holder = holderOf(body);
  return {
    family: body.family ?? (holder.kind === "agent" ? "pxy" : "spt"),
    name: body.name,
    holder,
    role: body.role ?? (holder.kind === "agent" ? "agent" : "viewer"),
    scopes: body.scopes ?? [],
    plan: body.plan,
    quota: body.quota,
    expiresAt:
      body.expires_in_s === undefined ? undefined : instant(now + body.expires_in_s * 1000),
  };
}

function holderOf({ agent, user, name }: Static<typeof KeyWishJson>): KeyHolder {
  if (agent !== undefined) return { kind: "agent", agent: id(agent) };
  if (user !== undefined) return { kind: "user", user };
  return { kind: "service", name };
}

function newKeyJson({ entry, key }: NewKey): Written<typeof NewKeyJson> {
  return { ...keyJson({ entry, lastUsedAt: undefined }), key };
}

function keyJson({ entry, lastUsedAt }: ShownKey): Written<typeof KeyJson> {
  const { family, name, holder, shown, role, scopes, plan, quota, createdBy } = entry.body;
  return {
    id: entry.id,
    family,
    name,
    holder: holderText(holder),
    shown,
    role,
    scopes: [...scopes],
    plan,
    quota,
    created_at: timeText(entry.createdAt),
    created_by: createdBy,
    expires_at: timeText(entry.body.expiresAt),
    revoked_at: timeText(entry.body.revokedAt),
    last_used_at: timeText(lastUsedAt),
  };
}
