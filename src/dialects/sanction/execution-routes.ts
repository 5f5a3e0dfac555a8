/** Sanction's `/api/v1/exec`: execution tokens, issued and revoked. */
import { Type, type Static } from "typebox";
import {
  EXECUTION_TTL_DEFAULT_S,
  EXECUTION_TTL_MAX_S,
  EXECUTION_TTL_MIN_S,
  isLive,
  SESSION_SCOPES,
} from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Clearance } from "../../core/identity/directory-entry.ts";
import { nanoUsdOf } from "../../core/money/usd-text.ts";
import { withheld } from "../../core/secret/secret-terms.ts";
import { id, type AgentId, type SecretName } from "../../core/units.ts";
import {
  createSession,
  findSession,
  revokeSession,
} from "../../operations/identity/manage-sessions.ts";
import { findSecret } from "../../operations/secrets/manage-secrets.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { foreignWallet } from "./foreign-wallet.ts";
import { knownAgent } from "./known-agent.ts";
import { WORDING } from "./wording.ts";

const BUDGET_MAX_USD = 9_007_199;

const ExecutionJson = Type.Object({
  scope: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 256 }),
  budget_usd: Type.Number({ minimum: 0.01, maximum: BUDGET_MAX_USD }),
  ttl_seconds: Type.Optional(
    Type.Integer({ minimum: EXECUTION_TTL_MIN_S, maximum: EXECUTION_TTL_MAX_S }),
  ),
  container_id: Type.Optional(Type.String({ maxLength: 256 })),
});

const RevocationJson = Type.Object({ wallet_id: Type.String(), jti: Type.String() });

/** What an execution may do is policy's business; it is narrowed by credentials and money. */
const RIGHTS = SESSION_SCOPES.filter((scope) => scope !== "admin");

export function executionRoutes(api: DialectApi, core: DialectCore): void {
  addIssue(api, core);
  addRevocation(api, core);
}

function addIssue(api: DialectApi, core: DialectCore): void {
  const { ports, tokens, listedAgents } = core.identity;
  api.post(
    "/api/v1/exec",
    { schema: { body: ExecutionJson }, config: { asker: "agent" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { agent } = caller;
      const {
        scope,
        budget_usd: budget,
        ttl_seconds: ttl = EXECUTION_TTL_DEFAULT_S,
      } = request.body;
      if (agent === undefined || caller.kind === "token") {
        const detail = "An execution token issues no other: use the agent's key.";
        return WORDING.fail(reply, { code: "unauthenticated", detail }, request);
      }
      const { clearance } = await knownAgent(caller, core);
      const denied = await deniedLabels(caller, agent, { scope, clearance }, core);
      if (denied.length > 0) {
        const reason = `Not authorized for ${denied.join(", ")}`;
        const error = "Agent not authorized for requested credentials";
        return reply
          .code(403)
          .send({ error, reason, denied, code: "forbidden", request_id: request.id });
      }
      const wish = wishOf(agent, request.body, ttl);
      const made = await createSession(caller, wish, new Set(listedAgents.keys()), ports);
      if (made.kind === "fault") return WORDING.fail(reply, made.fault, request);
      const session = made.value.body;
      return reply.header("cache-control", "no-store").send({
        jwt: await tokens.issue(session),
        jti: session.id,
        expires_at: new Date(session.expiresAt).toISOString(),
        clearance,
        scope,
        budget_usd: budget,
        ttl_seconds: ttl,
      });
    },
  );
}

function wishOf(agent: AgentId, asked: Static<typeof ExecutionJson>, ttl: number) {
  return {
    agent,
    scopes: RIGHTS,
    credentials: asked.scope,
    spendLimit: nanoUsdOf(String(asked.budget_usd)),
    tokenLimit: undefined,
    task: undefined,
    container: asked.container_id,
    ttl: ttl * 1_000,
  };
}

interface Wanted {
  readonly scope: readonly string[];
  readonly clearance: Clearance;
}

/** Labels that are not there, or not for this agent; which of the two is not told. */
async function deniedLabels(
  caller: Caller,
  agent: AgentId,
  { scope, clearance }: Wanted,
  { secrets }: DialectCore,
): Promise<readonly string[]> {
  const granted = { scopes: RIGHTS, credentials: scope };
  const borrower = { tenant: caller.tenant, agent, clearance, granted };
  const looks = scope.map(async (label) => {
    const found = await findSecret(caller, id<SecretName>(label), secrets);
    if (found.kind === "fault") return label;
    return withheld(found.value.entry, borrower, secrets.now()) === undefined ? [] : label;
  });
  return (await Promise.all(looks)).flat();
}

function addRevocation(api: DialectApi, { identity: { ports } }: DialectCore): void {
  api.post(
    "/api/v1/exec/revoke",
    { schema: { body: RevocationJson }, config: { asker: "owner" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { wallet_id: wallet, jti } = request.body;
      const foreign = foreignWallet(caller, wallet);
      if (foreign !== undefined) return WORDING.fail(reply, foreign, request);
      const found = await findSession(caller, jti, ports);
      if (found.kind === "fault" || !isLive(found.value.body, ports.now())) {
        const detail = "No active token with that jti for this wallet";
        return WORDING.fail(reply, { code: "not_found", detail }, request);
      }
      const revoked = await revokeSession(caller, jti, ports);
      if (revoked.kind === "fault") return WORDING.fail(reply, revoked.fault, request);
      const at = revoked.value.body.revokedAt ?? ports.now();
      return { jti, status: "revoked", revoked_at: new Date(at).toISOString() };
    },
  );
}
