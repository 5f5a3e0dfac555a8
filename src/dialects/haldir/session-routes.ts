/** Haldir's `/v1/sessions`. */
import { Type } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import {
  isLive,
  SESSION_TTL_DEFAULT_S,
  SESSION_TTL_MAX_S,
} from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { DEEDS } from "../../core/ledger/ledger-index.ts";
import { id, type AgentId } from "../../core/units.ts";
import {
  createSession,
  findSession,
  revokeSession,
} from "../../operations/identity/manage-sessions.ts";
import { spendingOf } from "../../operations/identity/session-spending.ts";
import { addUpRecords } from "../../operations/records/read-records.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { ensureAgent } from "./ensure-agent.ts";
import { AgentName, dollarsOf, nanoUsdFrom, secondsOf, SessionId, Usd } from "./fields.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { isHeld, readScopes, shownScopes } from "./session-scopes.ts";
import { answer, fail } from "./wording.ts";

const NewSessionJson = Type.Object({
  agent_id: AgentName,
  scopes: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 32 })),
  ttl: Type.Optional(Type.Integer({ minimum: 1, maximum: SESSION_TTL_MAX_S })),
  spend_limit: Type.Optional(Type.Union([Usd, Type.Null()])),
});
const Params = Type.Object({ session_id: SessionId });
const CheckJson = Type.Object({ scope: Type.String({ minLength: 1, maxLength: 128 }) });

const READ = { role: "agent", scope: "sessions:read" } as const;
const WRITE = { role: "agent", scope: "sessions:write" } as const;
const DEFAULT_SCOPES = ["read", "browse"];

export function sessionRoutes(api: DialectApi, parts: HaldirParts): void {
  addCreation(api, parts);
  addLooks(api, parts);
  addCheck(api, parts);
}

function addCreation(api: DialectApi, { core, book }: HaldirParts): void {
  const { ports, listedAgents } = core.identity;
  api.post(
    "/v1/sessions",
    { schema: { body: NewSessionJson }, config: { needs: WRITE } },
    async (request, reply) => {
      const { agent_id: name, scopes = DEFAULT_SCOPES, ttl, spend_limit: limit } = request.body;
      const caller = callerOf(request);
      const agent = id<AgentId>(name);
      const read = readScopes(scopes);
      if (read.kind === "fault") return fail(reply, read.fault, request);
      const spendLimit = limit ?? read.value.spendLimit;
      const known = await ensureAgent(caller, agent, core);
      if (known.kind === "fault") return fail(reply, known.fault, request);
      await book.ensure(caller);
      const seconds = ttl ?? SESSION_TTL_DEFAULT_S;
      const wish = {
        agent,
        scopes: read.value.scopes,
        credentials: [],
        spendLimit: spendLimit === undefined ? undefined : nanoUsdFrom(spendLimit),
        tokenLimit: undefined,
        task: undefined,
        container: undefined,
        ttl: seconds * 1000,
      };
      const made = await createSession(caller, wish, new Set(listedAgents.keys()), ports);
      return answer(reply, 201, made, (entry) => ({ ...createdJson(entry), ttl: seconds }));
    },
  );
}

function addLooks(api: DialectApi, { core }: HaldirParts): void {
  const { ports } = core.identity;
  api.get(
    "/v1/sessions/:session_id",
    { schema: { params: Params }, config: { needs: READ } },
    async (request, reply) => {
      const caller = callerOf(request);
      const found = await presentSession(caller, request.params.session_id, core);
      if (found.kind === "fault") return fail(reply, found.fault, request);
      const spent = await spentUnder(caller, found.value, core);
      return answer(reply, 200, spent, (spending) => detailJson(found.value, spending));
    },
  );
  api.delete(
    "/v1/sessions/:session_id",
    { schema: { params: Params }, config: { needs: WRITE } },
    async (request, reply) => {
      const { session_id: session } = request.params;
      const found = await presentSession(callerOf(request), session, core);
      if (found.kind === "fault") return fail(reply, found.fault, request);
      const revoked = await revokeSession(callerOf(request), session, ports);
      return answer(reply, 200, revoked, () => ({ revoked: true, session_id: session }));
    },
  );
}

function addCheck(api: DialectApi, { core: { identity } }: HaldirParts): void {
  api.post(
    "/v1/sessions/:session_id/check",
    { schema: { params: Params, body: CheckJson }, config: { needs: READ } },
    async (request) => {
      const { session_id: session } = request.params;
      const { scope } = request.body;
      const found = await findSession(callerOf(request), session, identity.ports);
      const allowed =
        found.kind === "done" &&
        isLive(found.value.body, identity.ports.now()) &&
        isHeld(found.value.body.scopes, scope);
      return { allowed, session_id: session, scope };
    },
  );
}

/** One that is over is not there. */
async function presentSession(
  caller: Caller,
  session: string,
  { identity: { ports } }: DialectCore,
): Promise<Answer<Entry<"session">>> {
  const found = await findSession(caller, session, ports);
  if (found.kind === "done" && isLive(found.value.body, ports.now())) return found;
  return found.kind === "fault" && found.fault.code !== "not_found" ? found : GONE;
}

const GONE = fault("not_found", "Session not found or expired.");

interface Spending {
  readonly spent: number;
  /** Undefined without a limit. */
  readonly left: number | undefined;
}

/** By its purse; without one, what the record says. */
async function spentUnder(
  caller: Caller,
  { body }: Entry<"session">,
  core: DialectCore,
): Promise<Answer<Spending>> {
  const purses = await spendingOf(body, core.budgets.store);
  if (purses.kind === "fault") return purses;
  const purse = purses.value.find(({ purse: { unit } }) => unit === "nano_usd");
  if (purse !== undefined) return done({ spent: purse.spent + purse.held, left: purse.left });
  const only = { session: [body.id], agent: [body.agent], kind: [...DEEDS] };
  const wish = { only, ...EVER, groups: [], max: 1 };
  const sums = await addUpRecords(caller, wish, core.records.index);
  if (sums.kind === "fault") return sums;
  return done({ spent: sums.value[0]?.cost ?? 0, left: undefined });
}

const EVER = {
  from: undefined,
  to: undefined,
  flagged: undefined,
  scoreMin: undefined,
  text: undefined,
} as const;

function createdJson({ body }: Entry<"session">) {
  const { id: session, agent, scopes, spendLimit, expiresAt } = body;
  return {
    session_id: session,
    agent_id: agent,
    scopes: shownScopes(scopes),
    spend_limit: spendLimit === undefined ? null : dollarsOf(spendLimit),
    expires_at: secondsOf(expiresAt),
  };
}

function detailJson(entry: Entry<"session">, { spent, left }: Spending) {
  return {
    ...createdJson(entry),
    spent: dollarsOf(spent),
    remaining_budget: left === undefined ? null : dollarsOf(left),
    is_valid: true,
    created_at: secondsOf(entry.createdAt),
  };
}
