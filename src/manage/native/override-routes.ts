/**
 * `/core/v1`: /overrides and /interventions: a person sets a denial aside, or says what they did.
 */
import { Type } from "typebox";
import type { Review } from "../../core/review/review.ts";
import { millis } from "../../core/units.ts";
import { intervene, INTERVENTION_TYPES } from "../../operations/reviews/intervene.ts";
import {
  JUSTIFICATION_CHARS_MIN,
  overrideDenial,
  OVERRIDE_TYPES,
  withdrawOverride,
} from "../../operations/reviews/override-denial.ts";
import { principalNamed } from "../../operations/identity/principal-named.ts";
import { subjectOf } from "../../operations/reviews/review-subject.ts";
import type { Api } from "./api.ts";
import { CALL_FIELDS, readCall } from "./described-call.ts";
import { AgentName, IdParams, type Written } from "./fields.ts";
import { answer, sendFault } from "./problem.ts";
import { ActionJson, actionJson, REVIEW_EXAMPLE } from "./review-json.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXPIRES_MAX_S = 30 * 86_400;
const WRITE = { role: "compliance_officer", scope: "overrides:write" } as const;
const About = Type.String({ minLength: 1, maxLength: 128 });

const EXAMPLE = {
  id: "ovr_01kamz3v9e3x6v0q2m8r5t7w9y",
  type: "time_limited_exception",
  of: "exc_01kamz3v9e3x6v0q2m8r5t7w9y",
  agent: "support-bot",
  action: REVIEW_EXAMPLE.action,
  by: "ann",
  justification: "the court has ordered the deletion today",
  stands: true,
  created_at: "2026-11-21T06:00:00.000Z",
  expires_at: "2026-11-21T07:00:00.000Z",
};

const OverrideJson = Type.Object(
  {
    id: Type.String(),
    type: Type.String(),
    of: Type.String({ description: "The decision that is set aside; it stays on the record." }),
    agent: Type.String(),
    action: ActionJson,
    by: Type.String(),
    justification: Type.String(),
    stands: Type.Boolean(),
    created_at: TimeText,
    expires_at: TimeText,
  },
  { examples: [EXAMPLE] },
);

const WishJson = Type.Object(
  {
    agent: AgentName,
    ...CALL_FIELDS,
    type: Type.Enum(OVERRIDE_TYPES),
    of: About,
    justification: Type.String({ minLength: JUSTIFICATION_CHARS_MIN, maxLength: 2_000 }),
    expires_in_s: Type.Integer({ minimum: 1, maximum: EXPIRES_MAX_S }),
  },
  {
    additionalProperties: false,
    examples: [
      {
        agent: "support-bot",
        tool: "crm.delete_customer",
        arguments: { customer_id: "42" },
        type: "time_limited_exception",
        of: "exc_01kamz3v9e3x6v0q2m8r5t7w9y",
        justification: "the court has ordered the deletion today",
        expires_in_s: 3_600,
      },
    ],
  },
);

const InterventionJson = Type.Object(
  {
    type: Type.Enum(INTERVENTION_TYPES),
    of: About,
    role: Type.String({ minLength: 1, maxLength: 128 }),
    reason: Type.String({ minLength: 1, maxLength: 2_000 }),
  },
  {
    additionalProperties: false,
    examples: [{ type: "rejection", of: "exc_01k…", role: "oversight", reason: "wrong person" }],
  },
);

const RecordedJson = Type.Object(
  { id: Type.String() },
  { examples: [{ id: "int_01kamz3v9e3x6v0q2m8r5t7w9y" }] },
);

export function overrideRoutes(api: Api, services: Services): void {
  addCreation(api, services);
  addWithdrawal(api, services);
  addInterventions(api, services);
}

function addCreation(api: Api, services: Services): void {
  api.post(
    "/overrides",
    {
      schema: {
        summary: "Set a denial by policy aside for a while",
        description:
          "For exactly this call of this agent, in whatever session. The denial stays on the " +
          "record; budgets, findings and stops are not set aside.",
        tags: ["reviews"],
        body: WishJson,
        response: { 201: OverrideJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const { agent, type, of, justification, expires_in_s, ...call } = body;
      const reading = readCall(call);
      if (reading.kind === "fault") return sendFault(reply, reading.fault);
      const principal = await principalNamed(caller, agent, undefined, services.identity);
      const subject = await subjectOf(principal, reading.value.action, services);
      const expires = millis(expires_in_s * 1000);
      const wish = { subject, type, of, justification, expires };
      return answer(reply, 201, await overrideDenial(caller, wish, services.reviews), overrideJson);
    },
  );
}

function addWithdrawal(api: Api, { reviews }: Services): void {
  api.delete(
    "/overrides/:id",
    {
      schema: {
        summary: "End an override before its time",
        tags: ["reviews"],
        params: IdParams,
        response: { 200: OverrideJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await withdrawOverride(caller, params.id, reviews), overrideJson),
  );
}

function addInterventions(api: Api, { reviews }: Services): void {
  api.post(
    "/interventions",
    {
      schema: {
        summary: "Put a person's intervention on the record",
        tags: ["reviews"],
        body: InterventionJson,
        response: { 201: RecordedJson },
      },
      config: {
        access: { role: "compliance_officer", scope: "interventions:write" },
        idempotent: true,
      },
    },
    async ({ caller, body }, reply) =>
      answer(reply, 201, await intervene(caller, body, reviews), (id) => ({ id })),
  );
}

function overrideJson(review: Review): Written<typeof OverrideJson> {
  const { origin, principal, status } = review;
  const told = origin.kind === "override" ? origin : undefined;
  return {
    id: review.id,
    type: told?.type ?? "",
    of: told?.of ?? "",
    agent: principal.agent,
    action: actionJson(review.action),
    by: told?.by ?? "",
    justification: told?.justification ?? "",
    stands: status === "approved",
    created_at: timeText(review.createdAt),
    expires_at: timeText(review.expiresAt),
  };
}
