import { Type } from "typebox";
import { impossible } from "../../lib/impossible.ts";
import type { Action, ToolAction } from "../../core/action.ts";
import { layersOf } from "../../core/meta-tool/unwrap.ts";
import { REVIEW_STATUSES, type Review } from "../../core/review/review.ts";
import { answerReview, findReview } from "../../operations/answer-review.ts";
import type { Api } from "./api.ts";
import { IdParams, type Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  id: "rev_01kamz3v9e3x6v0q2m8r5t7w9y",
  status: "pending",
  agent: "support-bot",
  session: "run-7",
  action: { kind: "tool", target: "crm.delete_customer", detail: { customer_id: "42" } },
  rules: ["crm-delete"],
  approvers: ["role:manager"],
  exchange: "exc_01kamz3v9e3x6v0q2m8r5t7w9y",
  created_at: "2026-11-21T06:00:00.000Z",
  expires_at: "2026-11-21T06:15:00.000Z",
};

const ReviewJson = Type.Object(
  {
    id: Type.String(),
    status: Type.Enum(REVIEW_STATUSES),
    agent: Type.String(),
    session: Type.String(),
    action: Type.Object({
      kind: Type.Enum(["llm", "tool", "http", "mcp"]),
      target: Type.String({ description: "Tool, model, path or method." }),
      detail: Type.Unknown({ description: "What exactly would be done: arguments or body." }),
    }),
    rules: Type.Array(Type.String()),
    approvers: Type.Array(Type.String()),
    exchange: Type.String(),
    created_at: TimeText,
    expires_at: TimeText,
    answered_by: Type.Optional(Type.String()),
    answered_at: Type.Optional(TimeText),
    note: Type.Optional(Type.String()),
  },
  { examples: [EXAMPLE] },
);

const WordJson = Type.Object(
  { note: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false, examples: [{ note: "checked with the customer" }] },
);

const READ = { role: "viewer", scope: "reviews:read" } as const;
const WRITE = { role: "viewer", scope: "reviews:write" } as const;

export function reviewRoutes(api: Api, services: Services): void {
  addReads(api, services);
  for (const approve of [true, false]) addAnswer(api, services, approve);
}

function addReads(api: Api, { reviews: { reviews } }: Services): void {
  api.get(
    "/reviews",
    {
      schema: {
        summary: "List calls that wait for a person, and answers",
        tags: ["reviews"],
        querystring: Type.Object(
          { ...PAGE_QUERY, status: Type.Optional(Type.Enum(REVIEW_STATUSES)) },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(ReviewJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller: { tenant }, query }) => {
      const paging = pagingOf(query);
      const found = await reviews.list({ tenant, status: query.status, ...paging });
      return page(found, paging, ({ id }) => id, reviewJson);
    },
  );
  api.get(
    "/reviews/:id",
    {
      schema: {
        summary: "Show a review",
        tags: ["reviews"],
        params: IdParams,
        response: { 200: ReviewJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await findReview(caller, params.id, { reviews }), reviewJson),
  );
}

function addAnswer(api: Api, { reviews: ports }: Services, approve: boolean): void {
  api.post(
    approve ? "/reviews/:id/approve" : "/reviews/:id/deny",
    {
      schema: {
        summary: approve ? "Let the call pass once" : "Refuse the call",
        description: "By one of its approvers, and never by who asked.",
        tags: ["reviews"],
        params: IdParams,
        body: WordJson,
        response: { 200: ReviewJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body }, reply) => {
      const word = { approve, note: body.note };
      return answer(reply, 200, await answerReview(caller, params.id, word, ports), reviewJson);
    },
  );
}

function reviewJson(review: Review): Written<typeof ReviewJson> {
  const { principal, action, answer: word } = review;
  return {
    id: review.id,
    status: review.status,
    agent: principal.agent,
    session: principal.session,
    action: actionJson(action),
    rules: [...review.rules],
    approvers: [...review.approval.approvers],
    exchange: review.exchange,
    created_at: timeText(review.createdAt),
    expires_at: timeText(review.expiresAt),
    answered_by: word?.by,
    answered_at: timeText(word?.at),
    note: word?.note,
  };
}

function namesOf(action: ToolAction): string {
  const { upstream } = action;
  return Array.from(layersOf(action), ({ tool }) => `${upstream}.${tool}`).join(" through ");
}

/** A meta-tool may take more than what it hands on. */
function outermost(action: ToolAction): ToolAction {
  return action.via === undefined ? action : outermost(action.via.call);
}

/** Whoever decides must see what would be done, whole. */
function actionJson(action: Action): Written<typeof ReviewJson>["action"] {
  const { kind } = action;
  switch (kind) {
    case "llm":
      return { kind, target: `${action.operation} ${action.model}`, detail: action.body };
    case "tool":
      return { kind, target: namesOf(action), detail: outermost(action).args };
    case "http": {
      const { method, host, path, query } = action;
      return { kind, target: `${method} ${host}${path}${query}`, detail: action.body ?? null };
    }
    case "mcp":
      return { kind, target: `${action.upstream} ${action.method}`, detail: action.name ?? null };
    default:
      return impossible(action);
  }
}
