/** `/core/v1`: /login, /logout and /me. */
import { Type } from "typebox";
import { done, fault } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { PASSWORD_CHARS_MAX, PASSWORD_POLICY } from "../../core/identity/password-policy.ts";
import { ROLES } from "../../core/identity/role.ts";
import { logIn, logOut, type LoggedIn } from "../../operations/identity/log-in.ts";
import type { Api } from "./api.ts";
import { credentialOf } from "./authentication.ts";
import type { Written } from "./fields.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

export const LoginJson = Type.Object(
  {
    session: Type.String({ description: "Send it as `Authorization: Bearer`. Shown this once." }),
    username: Type.String(),
    role: Type.Enum(ROLES),
    expires_at: TimeText,
  },
  {
    examples: [
      {
        session: "sess_…",
        username: "alice",
        role: "auditor",
        expires_at: "2026-11-21T14:00:00.000Z",
      },
    ],
  },
);

const CallerJson = Type.Object(
  {
    kind: Type.Enum(["key", "login", "token", "cli", "anonymous"]),
    id: Type.String(),
    name: Type.String(),
    tenant: Type.String(),
    role: Type.Enum(ROLES),
    scopes: Type.Array(Type.String()),
    agent: Type.Optional(Type.String()),
  },
  {
    examples: [
      {
        kind: "login",
        id: "usr_01kamz3v9e3x6v0q2m8r5t7w9y",
        name: "alice",
        tenant: "default",
        role: "auditor",
        scopes: [],
      },
    ],
  },
);

const FLAG = Type.Boolean();
const PolicyJson = Type.Object(
  {
    min_length: Type.Integer(),
    require_uppercase: FLAG,
    require_lowercase: FLAG,
    require_digits: FLAG,
    require_special: FLAG,
    disallow_sequential: FLAG,
    disallow_common: FLAG,
  },
  { examples: [PASSWORD_POLICY] },
);

export function loginRoutes(api: Api, services: Services): void {
  addLogin(api, services);
  addSelf(api, services);
}

function addLogin(api: Api, { identity: { ports, logins } }: Services): void {
  api.post(
    "/login",
    {
      schema: {
        summary: "Log in with a password",
        tags: ["login"],
        body: Type.Object(
          {
            username: Type.String({ minLength: 1, maxLength: 64 }),
            password: Type.String({ maxLength: PASSWORD_CHARS_MAX, writeOnly: true }),
          },
          {
            additionalProperties: false,
            examples: [{ username: "alice", password: "…" }],
          },
        ),
        response: { 200: LoginJson },
      },
      config: { access: "public" },
    },
    async ({ body, ip }, reply) => {
      const tried = await logIn({ ...body, address: ip }, logins, ports);
      return answer(reply.header("cache-control", "no-store"), 200, tried, loginJson);
    },
  );
  api.get(
    "/password-policy",
    {
      schema: {
        summary: "What a password needs",
        tags: ["login"],
        response: { 200: PolicyJson },
      },
      config: { access: "public" },
    },
    () => PASSWORD_POLICY,
  );
}

function addSelf(api: Api, { identity: { ports } }: Services): void {
  api.post(
    "/logout",
    {
      schema: {
        summary: "End the login",
        tags: ["login"],
        response: {
          200: Type.Object({ logged_out: FLAG }, { examples: [{ logged_out: true }] }),
        },
      },
      config: { access: { role: "agent", scope: "self:write" } },
    },
    async (request, reply) => {
      const { caller } = request;
      const credential = credentialOf(request);
      if (caller.kind !== "login" || credential === undefined) {
        const detail = "Only a login can be ended; a key is revoked.";
        return answer(reply, 200, fault("invalid", detail), () => undefined);
      }
      const ended = await logOut(caller, credential, ports);
      return answer(reply, 200, ended, () => ({ logged_out: true }));
    },
  );
  api.get(
    "/me",
    {
      schema: { summary: "Who is calling", tags: ["login"], response: { 200: CallerJson } },
      config: { access: { role: "agent", scope: "self:read" } },
    },
    ({ caller }, reply) => answer(reply, 200, done(caller), callerJson),
  );
}

export function loginJson({ session, user, expiresAt }: LoggedIn): Written<typeof LoginJson> {
  const { username, role } = user.body;
  return { session, username, role, expires_at: timeText(expiresAt) };
}

function callerJson(caller: Caller): Written<typeof CallerJson> {
  const { kind, id, name, tenant, role, scopes, agent } = caller;
  return { kind, id, name, tenant, role, scopes: [...scopes], agent };
}
