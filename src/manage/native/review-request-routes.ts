/** `/core/v1`: POST /reviews: asking a person ahead of a call. */
import { Type } from "typebox";
import type { Approval } from "../../core/decision.ts";
import { REVIEW_PRIORITIES } from "../../core/review/priority.ts";
import { millis } from "../../core/units.ts";
import { personOf } from "../../operations/reviews/may-answer.ts";
import { mayNotRequest, requestReview } from "../../operations/reviews/request-review.ts";
import { principalNamed } from "../../operations/identity/principal-named.ts";
import { subjectOf } from "../../operations/reviews/review-subject.ts";
import type { Api } from "./api.ts";
import { CALL_FIELDS, readCall } from "./described-call.ts";
import { AgentName } from "./fields.ts";
import { answer, sendFault } from "./problem.ts";
import { ReviewJson, reviewJson } from "./review-json.ts";
import { People } from "./review-routes.ts";
import type { Services } from "./services.ts";

const EXPIRES_DEFAULT_S = 900;
const EXPIRES_MAX_S = 7 * 86_400;

const RequestJson = Type.Object(
  {
    agent: AgentName,
    session: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    ...CALL_FIELDS,
    reason: Type.String({ minLength: 1, maxLength: 500 }),
    approvers: Type.Optional(People),
    approvals_needed: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
    priority: Type.Optional(Type.Enum(REVIEW_PRIORITIES)),
    expires_in_s: Type.Optional(
      Type.Integer({ minimum: 1, maximum: EXPIRES_MAX_S, description: `${EXPIRES_DEFAULT_S}.` }),
    ),
  },
  {
    additionalProperties: false,
    description: "One of tool, prompt, resource, model, or method with path; and why.",
    examples: [
      {
        agent: "support-bot",
        tool: "crm.delete_customer",
        arguments: { customer_id: "42" },
        reason: "the customer asked to be forgotten",
      },
    ],
  },
);

export function reviewRequestRoutes(api: Api, services: Services): void {
  const { policies, reviews, identity } = services;
  api.post(
    "/reviews",
    {
      schema: {
        summary: "Ask a person ahead of a call",
        description:
          "The call, made exactly as it is described here, meets the answer where a rule wants " +
          "approval. What the rule says of approvers and time counts before what is said here. An " +
          "agent asks for itself only; of people, those ask who may intervene.",
        tags: ["reviews"],
        body: RequestJson,
        response: { 201: ReviewJson },
      },
      config: { access: { role: "agent", scope: "reviews:write" }, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const {
        agent,
        session,
        reason,
        approvers,
        approvals_needed,
        priority,
        expires_in_s,
        ...call
      } = body;
      if (caller.role === "agent" && caller.agent !== agent) {
        const detail = "An agent asks for itself only.";
        return sendFault(reply, { code: "forbidden", detail, pointer: "/agent" });
      }
      const refused = mayNotRequest(caller);
      if (refused?.kind === "fault") return sendFault(reply, refused.fault);
      const reading = readCall(call);
      if (reading.kind === "fault") return sendFault(reply, reading.fault);
      const principal = await principalNamed(caller, agent, session, identity);
      const { action, source } = reading.value;
      const subject = await subjectOf(principal, action, services);
      const facts = { now: subject.now, marks: [], source };
      const decision = (await policies.snapshot()).decide(principal, action, facts);
      if (decision.kind === "deny") {
        const detail = `Policy denies this call, whatever a person says: ${decision.detail}`;
        return sendFault(reply, { code: "conflict", detail });
      }
      const wished: Approval = {
        approvers: approvers ?? [],
        expires: millis((expires_in_s ?? EXPIRES_DEFAULT_S) * 1000),
        count: approvals_needed,
        priority,
      };
      const approval = decision.kind === "escalate" ? decision.approval : wished;
      const rules = decision.kind === "escalate" ? decision.because : [];
      const by = caller.agent ?? personOf(caller);
      const asked = await requestReview({ subject, approval, rules, by, reason }, reviews);
      return answer(reply, 201, asked, reviewJson);
    },
  );
}
