/** `/core/v1`: /users: people. */
import { Type } from "typebox";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { PASSWORD_CHARS_MAX } from "../../core/identity/password-policy.ts";
import { USER_ROLES } from "../../core/identity/role.ts";
import { findEntry } from "../../operations/identity/find-entry.ts";
import { createUser, updateUser } from "../../operations/identity/manage-users.ts";
import type { Api } from "./api.ts";
import { etagOf, ifMatch, IF_MATCH } from "./etag.ts";
import { IdParams, Name, type Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  id: "usr_01kamz3v9e3x6v0q2m8r5t7w9y",
  username: "alice",
  email: "alice@example.com",
  full_name: "Alice Smith",
  role: "auditor",
  active: true,
  has_password: true,
  created_at: "2026-11-21T06:00:00.000Z",
};

const UserJson = Type.Object(
  {
    id: Type.String(),
    username: Type.String(),
    email: Type.String(),
    full_name: Type.Optional(Type.String()),
    role: Type.Enum(USER_ROLES),
    active: Type.Boolean(),
    has_password: Type.Boolean(),
    locked_until: Type.Optional(TimeText),
    created_at: TimeText,
  },
  { examples: [EXAMPLE] },
);

const Email = Type.String({ pattern: "^[^@\\s]{1,64}@[^@\\s]{1,255}$" });
const Password = Type.String({ maxLength: PASSWORD_CHARS_MAX, writeOnly: true });
const FullName = Type.String({ minLength: 1, maxLength: 128 });

const NewUserJson = Type.Object(
  {
    username: Name,
    email: Email,
    role: Type.Enum(USER_ROLES),
    full_name: Type.Optional(FullName),
    password: Type.Optional(Password),
  },
  {
    additionalProperties: false,
    description: "Without a password the person logs in by OIDC only.",
    examples: [{ username: "bob", email: "bob@example.com", role: "viewer" }],
  },
);

const UserChangesJson = Type.Object(
  {
    email: Type.Optional(Email),
    full_name: Type.Optional(FullName),
    role: Type.Optional(Type.Enum(USER_ROLES)),
    active: Type.Optional(Type.Boolean()),
    password: Type.Optional(Password),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ role: "auditor" }] },
);

const READ = { role: "auditor", scope: "users:read" } as const;
const WRITE = { role: "admin", scope: "users:write" } as const;

export function userRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addWrites(api, services);
}

function addReads(api: Api, { identity: { ports } }: Services): void {
  api.get(
    "/users",
    {
      schema: {
        summary: "List people",
        tags: ["users"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(UserJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const users = await ports.store.list("user", { tenant: caller.tenant, ...paging });
      return page(users, paging, ({ id }) => id, userJson);
    },
  );
  api.get(
    "/users/:id",
    {
      schema: {
        summary: "Show a person",
        tags: ["users"],
        params: IdParams,
        response: { 200: UserJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) => {
      const found = await findEntry("user", params.id, caller, ports);
      if (found.kind === "done") void reply.header("etag", etagOf(found.value));
      return answer(reply, 200, found, userJson);
    },
  );
}

function addWrites(api: Api, { identity: { ports } }: Services): void {
  api.post(
    "/users",
    {
      schema: {
        summary: "Add a person",
        tags: ["users"],
        body: NewUserJson,
        response: { 201: UserJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const { username, email, role, full_name: fullName, password } = body;
      const wish = { username, email, role, fullName, password };
      return answer(reply, 201, await createUser(caller, wish, ports), userJson);
    },
  );
  api.patch(
    "/users/:id",
    {
      schema: {
        summary: "Change a person",
        description: "A new password also unlocks the account.",
        tags: ["users"],
        params: IdParams,
        headers: IF_MATCH,
        body: UserChangesJson,
        response: { 200: UserJson },
      },
      config: { access: WRITE },
    },
    async (request, reply) => {
      const expect = ifMatch(request);
      if (expect.kind === "fault") return sendFault(reply, expect.fault);
      const { caller, params } = request;
      const { full_name: fullName, ...rest } = request.body;
      const changes = { ...rest, fullName };
      const changed = await updateUser(caller, params.id, changes, expect.value, ports);
      if (changed.kind === "done") void reply.header("etag", etagOf(changed.value));
      return answer(reply, 200, changed, userJson);
    },
  );
}

function userJson({ id, body, createdAt }: Entry<"user">): Written<typeof UserJson> {
  const { username, email, fullName, role, active, password, lockedUntil } = body;
  return {
    id,
    username,
    email,
    full_name: fullName,
    role,
    active,
    has_password: password !== undefined,
    locked_until: timeText(lockedUntil),
    created_at: timeText(createdAt),
  };
}
