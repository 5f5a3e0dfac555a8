/** `/core/v1`: /sessions: rights of one run of an agent. */
import { Type, type Static } from "typebox";
import {
  isLive,
  SESSION_TTL_DEFAULT_S,
  SESSION_TTL_MAX_S,
} from "../../core/identity/agent-session.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { nanoUsdOf, usdText } from "../../core/money/usd-text.ts";
import { DEEDS } from "../../core/ledger/ledger-index.ts";
import { id, instant, nanoUsd } from "../../core/units.ts";
import {
  createSession,
  findSession,
  revokeSession,
  type SessionWish,
} from "../../operations/identity/manage-sessions.ts";
import { spendingOf, type PurseState } from "../../operations/identity/session-spending.ts";
import { listRecords } from "../../operations/records/read-records.ts";
import type { Api } from "./api.ts";
import { AgentName, IdParams, Name, Scope, type Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { filterOf, RECORD_EXAMPLE, RecordJson, recordPage } from "./ledger-json.ts";
import { answer, sendFault } from "./problem.ts";
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

const FIELDS = {
  id: Type.String(),
  agent: Type.String(),
  scopes: Type.Array(Scope),
  credentials: Type.Array(Type.String()),
  spend_limit_usd: Type.Optional(Type.String()),
  token_limit: Type.Optional(Type.Integer()),
  task: Type.Optional(Type.String()),
  container: Type.Optional(Type.String()),
  valid: Type.Boolean(),
  created_at: TimeText,
  created_by: Type.String(),
  expires_at: TimeText,
  revoked_at: Type.Optional(TimeText),
};
const SessionJson = Type.Object(FIELDS, { examples: [EXAMPLE] });

/** One session looked at closely: with what it has spent and what it has touched. */
const SessionDetailJson = Type.Object(
  {
    ...FIELDS,
    spent_usd: Type.Optional(Type.String()),
    remaining_usd: Type.Optional(Type.String()),
    spent_tokens: Type.Optional(Type.Integer()),
    remaining_tokens: Type.Optional(Type.Integer()),
    marks: Type.Array(Type.String(), { description: "What rules and findings marked it with." }),
  },
  {
    examples: [
      { ...EXAMPLE, spent_usd: "4.200000000", remaining_usd: "20.800000000", marks: ["untrusted"] },
    ],
  },
);

const Usd = Type.String({
  pattern: "^[0-9]{1,6}([.][0-9]{1,9})?$",
  description: "US dollars as a decimal text: money is never a float.",
});

export const sessionFields = {
  agent: AgentName,
  scopes: Type.Optional(Type.Array(Scope, { maxItems: 16 })),
  credentials: Type.Optional(Type.Array(Name, { maxItems: 64 })),
  spend_limit_usd: Type.Optional(Usd),
  token_limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "In and out." }),
  ),
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
  addCloseLooks(api, services);
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
}

function addCloseLooks(
  api: Api,
  { identity: { ports, sessions }, budgets, records }: Services,
): void {
  api.get(
    "/sessions/:id",
    {
      schema: {
        summary: "Show a session",
        tags: ["sessions"],
        params: IdParams,
        response: { 200: SessionDetailJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) => {
      const found = await findSession(caller, params.id, ports);
      if (found.kind === "fault") return sendFault(reply, found.fault);
      const { body } = found.value;
      const spending = await spendingOf(body, budgets.store);
      const { tenant, agent, id: session } = body;
      const known = await sessions.marks({ tenant, agent, session });
      return answer(reply, 200, spending, (purses) => ({
        ...sessionJson(ports.now())(found.value),
        ...purseJson(purses),
        marks: [...known],
      }));
    },
  );
  api.get(
    "/sessions/:id/trace",
    {
      schema: {
        summary: "What was done under a session",
        description: "Each deed and how it ended, the oldest first; the whole of it is /ledger.",
        tags: ["sessions"],
        params: IdParams,
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(RecordJson, RECORD_EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, params, query }, reply) => {
      const found = await findSession(caller, params.id, ports);
      if (found.kind === "fault") return sendFault(reply, found.fault);
      const { id: session, agent } = found.value.body;
      const filter = filterOf({ session, agent, kind: DEEDS.join(",") });
      const wish = { ...filter, ...pagingOf(query), order: "oldest" } as const;
      return answer(reply, 200, await listRecords(caller, wish, records.index), recordPage);
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
  const { agent, scopes, credentials, task, container } = body;
  const { spend_limit_usd: usd, token_limit: tokenLimit, ttl_s: ttl } = body;
  return {
    agent: id(agent),
    scopes: scopes ?? ["read", "browse"],
    credentials: credentials ?? [],
    spendLimit: usd === undefined ? undefined : nanoUsdOf(usd),
    tokenLimit,
    task,
    container,
    ttl: (ttl ?? SESSION_TTL_DEFAULT_S) * 1000,
  };
}

export function sessionJson(now: number) {
  return ({ body, createdAt }: Entry<"session">): Written<typeof SessionJson> => {
    const { spendLimit, tokenLimit, task, container, expiresAt, revokedAt, createdBy } = body;
    return {
      id: body.id,
      agent: body.agent,
      scopes: [...body.scopes],
      credentials: [...body.credentials],
      spend_limit_usd: spendLimit === undefined ? undefined : usdText(spendLimit),
      token_limit: tokenLimit,
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

function purseJson(purses: readonly PurseState[]): object {
  const stated = purses.map(({ purse, spent, left }) =>
    purse.unit === "nano_usd"
      ? { spent_usd: usdText(nanoUsd(spent)), remaining_usd: usdText(nanoUsd(left)) }
      : { spent_tokens: spent, remaining_tokens: left },
  );
  return Object.assign({}, ...stated);
}
