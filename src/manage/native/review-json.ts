/** Reviews as the native API shows them. */
import { Type } from "typebox";
import { impossible } from "../../lib/impossible.ts";
import type { Action, ToolAction } from "../../core/action.ts";
import { layersOf } from "../../core/meta-tool/unwrap.ts";
import { REVIEW_PRIORITIES } from "../../core/review/priority.ts";
import { REVIEW_STATUSES, REVIEW_WORDS, type Review } from "../../core/review/review.ts";
import type { Written } from "./fields.ts";
import { TimeText, timeText } from "./time-text.ts";

export const REVIEW_EXAMPLE = {
  id: "rev_01kamz3v9e3x6v0q2m8r5t7w9y",
  status: "pending",
  origin: "call",
  priority: "high",
  agent: "support-bot",
  session: "run-7",
  action: { kind: "tool", target: "crm.delete_customer", detail: { customer_id: "42" } },
  rules: ["crm-delete"],
  approvers: ["role:manager"],
  approvals_needed: 1,
  assigned_to: [],
  words: [],
  exchange: "exc_01kamz3v9e3x6v0q2m8r5t7w9y",
  created_at: "2026-11-21T06:00:00.000Z",
  due_at: "2026-11-21T06:10:00.000Z",
  expires_at: "2026-11-21T06:15:00.000Z",
};

const WordJson = Type.Object({
  kind: Type.Enum(REVIEW_WORDS),
  by: Type.String(),
  at: TimeText,
  note: Type.Optional(Type.String()),
});

export const ActionJson = Type.Object({
  kind: Type.Enum(["llm", "tool", "http", "mcp"]),
  target: Type.String({ description: "Tool, model, path or method." }),
  detail: Type.Unknown({ description: "What exactly would be done: arguments or body." }),
});

export const ReviewJson = Type.Object(
  {
    id: Type.String(),
    status: Type.Enum(REVIEW_STATUSES, {
      description:
        "pending, acknowledged and deferred wait for a person; approved is good for one call, " +
        "until `expires_at`; escalated: see `successor`.",
    }),
    origin: Type.Enum(["call", "request", "escalation", "override"]),
    reason: Type.Optional(Type.String({ description: "Of whoever asked ahead of the call." })),
    priority: Type.Enum(REVIEW_PRIORITIES),
    agent: Type.String(),
    session: Type.String(),
    action: ActionJson,
    rules: Type.Array(Type.String()),
    approvers: Type.Array(Type.String()),
    approvals_needed: Type.Integer({ description: "By different people." }),
    assigned_to: Type.Array(Type.String()),
    words: Type.Array(WordJson, { description: "What people said, in order." }),
    successor: Type.Optional(Type.String()),
    exchange: Type.String(),
    created_at: TimeText,
    due_at: TimeText,
    expires_at: TimeText,
    answered_by: Type.Optional(Type.String()),
    answered_at: Type.Optional(TimeText),
    note: Type.Optional(Type.String()),
  },
  { examples: [REVIEW_EXAMPLE] },
);

export function reviewJson(review: Review): Written<typeof ReviewJson> {
  const { principal, action, origin, approval, words } = review;
  const answer = words.findLast(({ kind }) => kind === "approve" || kind === "deny");
  return {
    id: review.id,
    status: review.status,
    origin: origin.kind,
    reason: origin.kind === "request" ? origin.reason : undefined,
    priority: review.priority,
    agent: principal.agent,
    session: principal.session,
    action: actionJson(action),
    rules: [...review.rules],
    approvers: [...approval.approvers],
    approvals_needed: approval.count ?? 1,
    assigned_to: [...review.assignedTo],
    words: words.map(({ kind, by, at, note }) => ({
      kind,
      by,
      at: timeText(at),
      ...(note !== undefined && { note }),
    })),
    successor: review.successor,
    exchange: review.exchange,
    created_at: timeText(review.createdAt),
    due_at: timeText(review.dueAt),
    expires_at: timeText(review.expiresAt),
    answered_by: answer?.by,
    answered_at: timeText(answer?.at),
    note: answer?.note,
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
export function actionJson(action: Action): Written<typeof ActionJson> {
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
