/** Haldir's `/v1/approvals`: rules that ask for approval, requests and answers. */
import { Type, type Static } from "typebox";
import type { FastifyRequest } from "fastify";
import type { ToolAction } from "../../core/action.ts";
import type { Approval, Decision } from "../../core/decision.ts";
import { fault, type Answer } from "../../core/fault.ts";
import type { AgentSession } from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { isJsonObject } from "../../core/json.ts";
import { WAITING_STATUSES, type Review } from "../../core/review/review.ts";
import { id, millis } from "../../core/units.ts";
import { principalNamed } from "../../operations/identity/principal-named.ts";
import { answerReview, findReview } from "../../operations/reviews/answer-review.ts";
import {
  mayNotRequest,
  requestReview,
  type ReviewWish,
} from "../../operations/reviews/request-review.ts";
import { subjectOf } from "../../operations/reviews/review-subject.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { approvalJson, pendingJson, statusOf } from "./approval-json.ts";
import { Label, liveSession, secondsOf, SessionId, Text, Usd } from "./fields.ts";
import { findTool } from "./find-tool.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { readRule, RULE_TYPES } from "./policy-document.ts";
import { answer, fail } from "./wording.ts";

const TTL_DEFAULT_S = 3_600;
const TTL_MAX_S = 604_800;
const PENDING_MAX = 1_000;
/** How often a question may have been handed on. */
const SUCCESSORS_MAX = 16;

const RuleJson = Type.Object({ type: Type.Enum(RULE_TYPES) });
const RequestJson = Type.Object({
  session_id: SessionId,
  tool: Type.Optional(Type.String({ maxLength: 256 })),
  action: Type.Optional(Text),
  amount: Type.Optional(Usd),
  reason: Type.Optional(Text),
  details: Type.Optional(Type.Union([Text, Type.Null()])),
  ttl: Type.Optional(Type.Integer({ minimum: 0, maximum: TTL_MAX_S })),
});
const WordJson = Type.Object({
  decided_by: Type.Optional(Label),
  note: Type.Optional(Type.String({ maxLength: 500 })),
});
const Params = Type.Object({ request_id: Type.String({ minLength: 1, maxLength: 128 }) });
const PendingQuery = Type.Object({ agent_id: Type.Optional(Type.String({ maxLength: 128 })) });

const READ = { role: "agent", scope: "reviews:read" } as const;
const ASK = { role: "agent", scope: "reviews:write" } as const;
const ANSWER = { role: "viewer", scope: "reviews:write" } as const;

export function approvalRoutes(api: DialectApi, parts: HaldirParts): void {
  addRules(api, parts);
  addRequests(api, parts);
  addLooks(api, parts);
  addWord(api, parts, "approve");
  addWord(api, parts, "deny");
}

function addRules(api: DialectApi, { book }: HaldirParts): void {
  api.post(
    "/v1/approvals/rules",
    {
      schema: { body: RuleJson },
      config: { needs: { role: "admin", scope: "policies:write" } },
    },
    async (request, reply) => {
      const body: unknown = request.body;
      const read = readRule(isJsonObject(body) ? body : {});
      if (read.kind === "fault") return fail(reply, read.fault, request);
      const rule = read.value;
      const changed = await book.change(callerOf(request), (before) => ({
        ...before,
        approvalRules: [...before.approvalRules, rule],
      }));
      return answer(reply, 201, changed, () => ({ added: true, type: rule.kind }));
    },
  );
}

function addRequests(api: DialectApi, { core }: HaldirParts): void {
  api.post(
    "/v1/approvals/request",
    { schema: { body: RequestJson }, config: { needs: ASK } },
    async (request, reply) => {
      const caller = callerOf(request);
      const live = await liveSession(caller, request.body.session_id, core);
      if (live.kind === "fault") return fail(reply, live.fault, request);
      const asked = await ask(caller, live.value.body, request.body, core);
      return answer(reply, 201, asked, (review) => ({
        request_id: review.id,
        status: statusOf(review),
        expires_at: secondsOf(review.expiresAt),
      }));
    },
  );
}

/** The call itself, made with this amount and nothing else, meets the answer. */
async function ask(
  caller: Caller,
  { id: session, agent }: AgentSession,
  asked: Static<typeof RequestJson>,
  core: DialectCore,
): Promise<Answer<Review>> {
  const refused = mayNotRequest(caller);
  if (refused !== undefined) return refused;
  const { tool = "", action = "", amount = 0, reason = "", details, ttl = TTL_DEFAULT_S } = asked;
  const named = await findTool(caller.tenant, tool, core);
  const described: ToolAction = {
    kind: "tool",
    upstream: id(named.kind === "done" ? named.value.upstream : OUTSIDE),
    tool: named.kind === "done" ? named.value.tool : tool,
    args: amount === 0 ? {} : { amount },
  };
  const principal = await principalNamed(caller, agent, session, core.identity);
  const subject = await subjectOf(principal, described, core);
  const source = (): string => JSON.stringify({ params: { arguments: described.args } });
  const facts = { now: subject.now, marks: [], source };
  const decision = (await core.policies.snapshot()).decide(principal, subject.action, facts);
  const wished = { approvers: [], expires: millis((ttl === 0 ? TTL_MAX_S : ttl) * 1000) };
  const wish = {
    subject,
    ...(decision.kind === "escalate" ? ruled(decision, wished) : { approval: wished, rules: [] }),
    // The agent asks, whoever carries its question here.
    by: agent,
    reason,
    said: { action, ...(typeof details === "string" && { details }) },
  };
  return requestReview(wish, core.reviews);
}

/** Where a rule asks for the call, who may answer is the rule's to say. */
function ruled(
  { approval, because }: Extract<Decision, { kind: "escalate" }>,
  { expires }: Approval,
): Pick<ReviewWish, "approval" | "rules"> {
  const soonest = millis(Math.min(approval.expires, expires));
  return { approval: { ...approval, expires: soonest }, rules: because };
}

/** Where a tool is that no upstream of ours has. */
const OUTSIDE = "outside";

function addLooks(api: DialectApi, { core: { reviews } }: HaldirParts): void {
  api.get(
    "/v1/approvals/pending",
    { schema: { querystring: PendingQuery }, config: { needs: READ } },
    async (request) => {
      const { tenant, role, agent: self } = callerOf(request);
      const agent = role === "agent" ? (self ?? "") : request.query.agent_id;
      const found = await Promise.all(
        WAITING_STATUSES.map((status) =>
          reviews.reviews.list({ tenant, status, agent, limit: PENDING_MAX }),
        ),
      );
      const requests = found.flat().toSorted((a, b) => a.createdAt - b.createdAt);
      return { count: requests.length, requests: requests.map(pendingJson) };
    },
  );
  api.get(
    "/v1/approvals/:request_id",
    { schema: { params: Params }, config: { needs: READ } },
    async (request, reply) => {
      const { request_id: name } = request.params;
      const found = await standingReview(callerOf(request), name, reviews);
      return answer(reply, 200, found, (review) => approvalJson(review, name));
    },
  );
}

/** A question that was handed on stands as its successor does. */
async function standingReview(
  caller: Caller,
  name: string,
  ports: DialectCore["reviews"],
): Promise<Answer<Review>> {
  let found = await findReview(caller, name, ports);
  for (let i = 0; i < SUCCESSORS_MAX; i += 1) {
    if (found.kind === "fault" || found.value.successor === undefined) return found;
    found = await findReview(caller, found.value.successor, ports);
  }
  return found;
}

const DONE = { approve: "approved", deny: "denied" } as const;

function addWord(
  api: DialectApi,
  { core: { reviews } }: HaldirParts,
  kind: "approve" | "deny",
): void {
  api.post(
    `/v1/approvals/:request_id/${kind}`,
    { schema: { params: Params, body: WordJson }, config: { needs: ANSWER } },
    async (request, reply) => {
      const { request_id: name } = request.params;
      const answered = await say(request, name, { kind, ...request.body }, reviews);
      return answer(reply, 200, answered, () => ({ [DONE[kind]]: true, request_id: name }));
    },
  );
}

interface SaidWord extends Static<typeof WordJson> {
  readonly kind: "approve" | "deny";
}

/** Not there, decided already, expired: all of them are the request's fault here. */
async function say(
  request: FastifyRequest,
  name: string,
  { kind, note = "", decided_by: by = "" }: SaidWord,
  reviews: DialectCore["reviews"],
): Promise<Answer<Review>> {
  const caller = callerOf(request);
  const found = await standingReview(caller, name, reviews);
  if (found.kind === "fault") return invalid(found);
  const word = {
    kind,
    note: note === "" ? undefined : note,
    ...(by !== "" && { named: by }),
  } as const;
  return invalid(await answerReview(caller, found.value.id, word, reviews));
}

function invalid(answered: Answer<Review>): Answer<Review> {
  if (answered.kind === "done") return answered;
  const { code, detail } = answered.fault;
  return code === "not_found" || code === "conflict" ? fault("invalid", detail) : answered;
}
