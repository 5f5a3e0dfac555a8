import { Type } from "typebox";
import { REVIEW_STATUSES, REVIEW_WORDS, type ReviewWordKind } from "../../core/review/review.ts";
import { answerReview, assignReview, findReview } from "../../operations/reviews/answer-review.ts";
import type { Api } from "./api.ts";
import { etagOf, ifMatchWhereSent, IF_MATCH } from "./etag.ts";
import { IdParams } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import { REVIEW_EXAMPLE, ReviewJson, reviewJson } from "./review-json.ts";
import type { Services } from "./services.ts";

const NOTE = { note: Type.Optional(Type.String({ maxLength: 500 })) };

/** Names of people, or `role:…`. */
export const People = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 16 });

const WordJson = Type.Object(NOTE, {
  additionalProperties: false,
  examples: [{ note: "checked with the customer" }],
});

const EscalateJson = Type.Object(
  { ...NOTE, approvers: Type.Optional(People) },
  { additionalProperties: false, examples: [{ note: "too much for me", approvers: ["ann"] }] },
);

const AssignJson = Type.Object(
  { assigned_to: People },
  { additionalProperties: false, examples: [{ assigned_to: ["ann"] }] },
);

const READ_REVIEWS = { role: "agent", scope: "reviews:read" } as const;
const WRITE = { role: "viewer", scope: "reviews:write" } as const;

const BY_APPROVERS = "By one of its approvers, and never by who asked.";

const SUMMARIES = {
  acknowledge: "Say that somebody looks at it",
  approve: "Let the call pass once",
  deny: "Refuse the call",
  defer: "Put the call off; it may still be answered",
} as const satisfies Readonly<Record<Exclude<ReviewWordKind, "escalate">, string>>;

export function reviewRoutes(api: Api, services: Services): void {
  addReads(api, services);
  for (const kind of REVIEW_WORDS) if (kind !== "escalate") addWord(api, services, kind);
  addEscalation(api, services);
  addAssignment(api, services);
}

function addReads(api: Api, { reviews: { reviews } }: Services): void {
  api.get(
    "/reviews",
    {
      schema: {
        summary: "List calls that wait for a person, and answers",
        description: "An agent sees its own.",
        tags: ["reviews"],
        querystring: Type.Object(
          {
            ...PAGE_QUERY,
            status: Type.Optional(Type.Enum(REVIEW_STATUSES)),
            agent: Type.Optional(Type.String({ maxLength: 128 })),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(ReviewJson, REVIEW_EXAMPLE) },
      },
      config: { access: READ_REVIEWS },
    },
    async ({ caller: { tenant, role, agent: self }, query }) => {
      const paging = pagingOf(query);
      const { status } = query;
      const agent = role === "agent" ? (self ?? "") : query.agent;
      const found = await reviews.list({ tenant, status, agent, ...paging });
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
      config: { access: READ_REVIEWS },
    },
    async ({ caller, params }, reply) => {
      const found = await findReview(caller, params.id, { reviews });
      if (found.kind === "done") void reply.header("etag", etagOf(found.value));
      return answer(reply, 200, found, reviewJson);
    },
  );
}

function addWord(api: Api, { reviews: ports }: Services, kind: keyof typeof SUMMARIES): void {
  api.post(
    `/reviews/:id/${kind}`,
    {
      schema: {
        summary: SUMMARIES[kind],
        description: BY_APPROVERS,
        tags: ["reviews"],
        params: IdParams,
        body: WordJson,
        response: { 200: ReviewJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body: { note } }, reply) =>
      answer(reply, 200, await answerReview(caller, params.id, { kind, note }, ports), reviewJson),
  );
}

function addEscalation(api: Api, { reviews: ports }: Services): void {
  api.post(
    "/reviews/:id/escalate",
    {
      schema: {
        summary: "Hand it on, with the next higher priority",
        description: `${BY_APPROVERS} Answers with its successor.`,
        tags: ["reviews"],
        params: IdParams,
        body: EscalateJson,
        response: { 200: ReviewJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body: { note, approvers } }, reply) => {
      const word = { kind: "escalate", note, approvers } as const;
      return answer(reply, 200, await answerReview(caller, params.id, word, ports), reviewJson);
    },
  );
}

function addAssignment(api: Api, { reviews: ports }: Services): void {
  api.put(
    "/reviews/:id/assignment",
    {
      schema: {
        summary: "Say of whom an answer is expected",
        description:
          "It gives nobody a right; the approvers are the rule's. With If-Match, only if nobody " +
          "has changed the review meanwhile.",
        tags: ["reviews"],
        headers: IF_MATCH,
        params: IdParams,
        body: AssignJson,
        response: { 200: ReviewJson },
      },
      config: { access: WRITE },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      const expect = ifMatchWhereSent(request);
      if (expect.kind === "fault") return sendFault(reply, expect.fault);
      const revision = expect.value === "any" ? undefined : expect.value;
      const wish = { assignedTo: body.assigned_to, revision };
      const assigned = await assignReview(caller, params.id, wish, ports);
      if (assigned.kind === "done") void reply.header("etag", etagOf(assigned.value));
      return answer(reply, 200, assigned, reviewJson);
    },
  );
}
