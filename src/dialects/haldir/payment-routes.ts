/** Haldir's `/v1/payments/authorize`: a charge against a session's purse. */
import { Type } from "typebox";
import type { FastifyReply } from "fastify";
import type { AgentSession } from "../../core/identity/agent-session.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "../../core/own-server.ts";
import { impossible } from "../../lib/impossible.ts";
import { spendingOf } from "../../operations/identity/session-spending.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore, GateRefusal } from "../dialect-core.ts";
import { dollarsOf, liveSession, SessionId, Text } from "./fields.ts";
import { failAs, meaningOf, tellWait } from "./gate-reply.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { credentialOf, fail } from "./wording.ts";

const PaymentJson = Type.Object({
  session_id: SessionId,
  amount: Type.Number({ exclusiveMinimum: 0, maximum: 9_007_199 }),
  currency: Type.Optional(Type.String({ maxLength: 8 })),
  description: Type.Optional(Text),
});

const NEEDS_KEY = "A payment is asked for with a key: send one of the agent or of the tenant.";
const NOT_USD = "currency: only USD is authorized; other currencies are not converted.";

export function paymentRoutes(api: DialectApi, { core, book }: HaldirParts): void {
  api.post(
    "/v1/payments/authorize",
    { schema: { body: PaymentJson }, config: { needs: { role: "agent", scope: "calls:write" } } },
    async (request, reply) => {
      const { session_id: session, amount, currency = "USD", description = "" } = request.body;
      if (currency !== "USD") {
        const problem = { code: "invalid", detail: NOT_USD, pointer: "/currency" } as const;
        return fail(reply, problem, request);
      }
      const credential = credentialOf(request);
      if (credential === undefined) {
        return fail(reply, { code: "unauthenticated", detail: NEEDS_KEY }, request);
      }
      const live = await liveSession(callerOf(request), session, core);
      if (live.kind === "fault") return fail(reply, live.fault, request);
      await book.ensure(callerOf(request));
      const payment = { amount, currency };
      const answered = await core.gate.callTool({
        credential,
        session,
        upstream: OWN_SERVER,
        tool: AUTHORIZE_SPEND,
        args: { ...payment, payee: description, purpose: description },
      });
      const remaining = await remainingOf(live.value.body, core);
      const asked = { payment, remaining };
      if (answered.kind === "refused") return refused(reply, asked, answered.refusal);
      const reason = "Authorized against the session's budget.";
      return reply.code(200).send(paymentJson(true, asked, reason));
    },
  );
}

interface AskedPayment {
  readonly payment: { readonly amount: number; readonly currency: string };
  /** USD; null where the session has no limit. */
  readonly remaining: number | null;
}

function refused(reply: FastifyReply, asked: AskedPayment, refusal: GateRefusal): FastifyReply {
  const meaning = meaningOf(refusal);
  switch (meaning) {
    case "denied":
    case "approval_required": {
      tellWait(reply, refusal);
      const { code, review, exchange } = refusal;
      const more = { code, request_id: review ?? exchange };
      const why = code === "budget_exceeded" ? insufficient(asked) : refusal.detail;
      return reply.code(403).send({ ...paymentJson(false, asked, why), ...more });
    }
    case "unauthenticated":
    case "invalid":
    case "unavailable":
      return failAs(reply, meaning, refusal);
    case "upstream":
      return failAs(reply, "unavailable", refusal);
    default:
      return impossible(meaning);
  }
}

function insufficient({ payment, remaining }: AskedPayment): string {
  const left = remaining === null ? "" : ` Remaining: $${remaining},`;
  return `Insufficient budget.${left} requested: $${payment.amount}`;
}

function paymentJson(authorized: boolean, { payment, remaining }: AskedPayment, reason: string) {
  return { authorized, ...payment, remaining_budget: remaining, reason };
}

async function remainingOf(session: AgentSession, core: DialectCore): Promise<number | null> {
  const purses = await spendingOf(session, core.budgets.store);
  const states = purses.kind === "done" ? purses.value : [];
  const purse = states.find(({ purse: { unit } }) => unit === "nano_usd");
  return purse === undefined ? null : dollarsOf(purse.left);
}
