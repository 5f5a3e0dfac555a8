/** Sanction's `/api/v1/authorize`: may this be spent? */
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { Caller } from "../../core/identity/caller.ts";
import { done, fault, type Answer } from "../../core/fault.ts";
import { findReview } from "../../operations/reviews/answer-review.ts";
import { callerOf, notTheLastWord, type DialectApi } from "../dialect-api.ts";
import type { DialectCore, GateCall } from "../dialect-core.ts";
import { knownAgent } from "./known-agent.ts";
import { approved, decisionOf, type SpendDecision } from "./spend-decision.ts";
import { bearerOf, WORDING } from "./wording.ts";

const AuthorizeJson = Type.Object({
  action: Type.Enum(["purchase", "subscribe", "transfer"]),
  amount_usd: Type.Number({ minimum: 0.01 }),
  merchant: Type.String(),
  category: Type.String(),
  description: Type.Optional(Type.String()),
  /** Nothing is converted: what is not USD is refused rather than taken one to one. */
  currency: Type.Optional(Type.Literal("USD")),
  /** Of an answer that said `escalated` or `pending`. */
  request_id: Type.Optional(Type.String()),
});
export type SpendRequest = Static<typeof AuthorizeJson>;

export function authorizeRoutes(api: DialectApi, core: DialectCore): void {
  api.post(
    "/api/v1/authorize",
    { schema: { body: AuthorizeJson }, config: { asker: "agent" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const credential = await credentialOf(request, caller, core);
      if (credential.kind === "fault") return WORDING.fail(reply, credential.fault, request);
      const who = await knownAgent(caller, core);
      void reply.header("x-autoflux-clearance", String(who.clearance));
      const used = await usedBefore(caller, request.body, core);
      const decided = used ?? (await decide(caller, credential.value, request, core));
      return send(decided, who.name, request, reply);
    },
  );
}

/** An execution token beside the key narrows the call to what the execution may spend. */
async function credentialOf(
  request: FastifyRequest,
  caller: Caller,
  { identity }: DialectCore,
): Promise<Answer<string>> {
  const own = WORDING.credentialOf(request) ?? "";
  const bearer = bearerOf(request);
  if (bearer === undefined || bearer === own) return done(own);
  const proven = await identity.authenticate(bearer);
  if (proven.kind === "fault") return proven;
  const { kind, tenant, agent } = proven.value;
  if (kind === "token" && tenant === caller.tenant && agent === caller.agent) return done(bearer);
  return fault("forbidden", "The execution token is not this agent's.");
}

/** An approval that this request has used up already is told again and not spent twice. */
async function usedBefore(
  caller: Caller,
  { request_id: id }: SpendRequest,
  { reviews }: DialectCore,
): Promise<SpendDecision | undefined> {
  if (id === undefined) return undefined;
  const found = await findReview(caller, id, reviews);
  return found.kind === "done" && found.value.status === "used" ? approved(id) : undefined;
}

async function decide(
  caller: Caller,
  credential: string,
  { body }: { readonly body: SpendRequest },
  { gate, reviews }: DialectCore,
): Promise<SpendDecision> {
  const { action, amount_usd: amount, merchant, category, description } = body;
  const call: GateCall = {
    credential,
    session: undefined,
    upstream: "sallyport",
    tool: "authorize_spend",
    args: {
      amount,
      currency: "USD",
      payee: merchant,
      category,
      action,
      ...(description !== undefined && { purpose: description }),
    },
  };
  const answer = await gate.callTool(call);
  const review =
    answer.kind === "refused" && answer.refusal.review !== undefined
      ? await reviews.reviews.find(caller.tenant, answer.refusal.review)
      : undefined;
  return decisionOf(answer, review);
}

function send(
  decision: SpendDecision,
  agent: string,
  request: FastifyRequest<{ Body: SpendRequest }>,
  reply: FastifyReply,
): FastifyReply {
  const { amount_usd: amount, merchant } = request.body;
  switch (decision.kind) {
    case "decided": {
      const { status, decided } = decision;
      if (decided.status === "escalated" || decided.status === "pending") notTheLastWord(request);
      const about = { agent, amount_usd: amount, merchant };
      return reply.code(status).send({ ...decided, ...about });
    }
    case "undecided": {
      const { status, error, reason, code, retryAfter } = decision;
      notTheLastWord(request);
      if (retryAfter !== undefined) void reply.header("retry-after", String(retryAfter));
      return reply.code(status).send({ error, reason, code, request_id: request.id });
    }
  }
}
