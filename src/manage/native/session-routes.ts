import { Type, type Static } from "typebox";
import {
  isLive,
  SESSION_SCOPES,
  SESSION_TTL_DEFAULT_S,
  SESSION_TTL_MAX_S,
} from "../../core/identity/agent-session.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { nanoUsdOf, usdText } from "../../core/money/usd-text.ts";
import { id, instant } from "../../core/units.ts";
import {
  createSession,
  findSession,
  revokeSession,
  type SessionWish,
} from "../../operations/identity/manage-sessions.ts";
import type { Api } from "./api.ts";
import { IdParams, Name, type Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  id: "ses_01kamz3v9e3x6v0q2m8r5t7w9y",
  agent: "support-bot",
  scopes: ["read", "spend"],
  credentials: [],
  spend_limit_usd: "25.000000000",
  task: "refunds of November",
  valid: true,
  created_at: "2026-11-21T06:00:00.000Z",
  created_by: "alice",
  expires_at: "2026-11-21T07:00:00.000Z",
};

export const SessionJson = Type.Object(
  {
    id: Type.String(),
    agent: Type.String(),
    scopes: Type.Array(Type.Enum(SESSION_SCOPES)),
    credentials: Type.Array(Type.String()),
    spend_limit_usd: Type.Optional(Type.String()),
    task: Type.Optional(Type.String()),
    container: Type.Optional(Type.String()),
    valid: Type.Boolean(),
    created_at: TimeText,
    created_by: Type.String(),
    expires_at: TimeText,
    revoked_at: Type.Optional(TimeText),
  },
  { examples: [EXAMPLE] },
);

const Usd = Type.String({
  pattern: "^[0-9]{1,6}([.][0-9]{1,9})?$",
  description: "US dollars as a decimal text: money is never a float.",
});

export const sessionFields = {
  agent: Name,
  scopes: Type.Optional(Type.Array(Type.Enum(SESSION_SCOPES), { maxItems: 16 })),
  credentials: Type.Optional(Type.Array(Name, { maxItems: 64 })),
  spend_limit_usd: Type.Optional(Usd),
  task: Type.Optional(Type.String({ maxLength: 500 })),
  container: Type.Optional(Type.String({ maxLength: 128 })),
};

const NewSessionJson = Type.Object(
  {
    ...sessionFields,
    ttl_s: Type.Optional(Type.Integer({ minimum: 1, maximum: SESSION_TTL_MAX_S })),
  },
  {
    additionalProperties: false,
    description:
      "Without scopes: read and browse. A spend limit gives the scope spend. " +
      `Without ttl_s: ${SESSION_TTL_DEFAULT_S}.`,
    examples: [{ agent: "support-bot", scopes: ["read"], spend_limit_usd: "25" }],
  },
);

const READ = { role: "agent", scope: "sessions:read" } as const;
const WRITE = { role: "agent", scope: "sessions:write" } as const;

export function sessionRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addWrites(api, services);
}

function addReads(api: Api, { identity: { ports } }: Services): void {
  api.get(
    "/sessions",
    {
      schema: {
        summary: "List sessions of agents",
        tags: ["sessions"],
        querystring: Type.Object(
          { ...PAGE_QUERY, agent: Type.Optional(Name) },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(SessionJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const owner = caller.role === "agent" ? (caller.agent ?? "") : query.agent;
      const sessions = await ports.store.list("session", {
        tenant: caller.tenant,
        owner,
        ...paging,
      });
      return page(sessions, paging, (entry) => entry.id, sessionJson(ports.now()));
    },
  );
  api.get(
    "/sessions/:id",
    {
      schema: {
        summary: "Show a session",
        tags: ["sessions"],
        params: IdParams,
        response: { 200: SessionJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) => {
      const found = await findSession(caller, params.id, ports);
      return answer(reply, 200, found, sessionJson(ports.now()));
    },
  );
}

function addWrites(api: Api, { identity: { ports, listedAgents } }: Services): void {
  api.post(
    "/sessions",
    {
      schema: {
        summary: "Open a session for an agent",
        tags: ["sessions"],
        body: NewSessionJson,
        response: { 201: SessionJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const listed = new Set(listedAgents.keys());
      const made = await createSession(caller, sessionWish(body), listed, ports);
      return answer(reply, 201, made, sessionJson(ports.now()));
    },
  );
  api.delete(
    "/sessions/:id",
    {
      schema: {
        summary: "Revoke a session",
        description: "What runs under it is cut, on every replica.",
        tags: ["sessions"],
        params: IdParams,
        response: { 200: SessionJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) => {
      const revoked = await revokeSession(caller, params.id, ports);
      return answer(reply, 200, revoked, sessionJson(ports.now()));
    },
  );
}

export function sessionWish(body: Static<typeof NewSessionJson>): SessionWish {
  const { agent, scopes, credentials, spend_limit_usd: usd, task, container, ttl_s: ttl } = body;
  return {
    agent: id(agent),
    scopes: scopes ?? ["read", "browse"],
    credentials: credentials ?? [],
    spendLimit: usd === undefined ? undefined : nanoUsdOf(usd),
    task,
    container,
    ttl: (ttl ?? SESSION_TTL_DEFAULT_S) * 1000,
  };
}

export function sessionJson(now: number) {
  return ({ body, createdAt }: Entry<"session">): Written<typeof SessionJson> => {
    const { spendLimit, task, container, expiresAt, revokedAt, createdBy } = body;
    return {
      id: body.id,
      agent: body.agent,
      scopes: [...body.scopes],
      credentials: [...body.credentials],
      spend_limit_usd: spendLimit === undefined ? undefined : usdText(spendLimit),
      task,
      container,
      valid: isLive(body, instant(now)),
      created_at: timeText(createdAt),
      created_by: createdBy,
      expires_at: timeText(expiresAt),
      revoked_at: timeText(revokedAt),
    };
  };
}
