import type { Review, ReviewNews } from "../review/review.ts";
import type { EventName, Happening } from "./notification.ts";

/** What is told of a review: once for each kind of news. */
export function reviewHappening(review: Review, news: ReviewNews): Happening {
  const { id, principal, action, rules, approval, priority, status, expiresAt } = review;
  const { agent, tenant } = principal;
  const event = eventOf(review, news);
  return {
    tenant,
    event,
    key: `${id}|${news}`,
    subject: `review:${id}`,
    summary: `${SUMMARIES[event]} ${agent}.`,
    data: {
      review: id,
      agent,
      action: action.kind,
      ...(action.kind === "tool" && { tool: `${action.upstream}.${action.tool}` }),
      rules: rules.join(" "),
      approvers: approval.approvers.join(" "),
      priority,
      status,
      expires_at: new Date(expiresAt).toISOString(),
    },
  };
}

type ReviewEvent = Extract<
  EventName,
  "approval_requested" | "escalation" | "sla_breached" | "approval_decided" | "approval_expired"
>;

const SUMMARIES = {
  approval_requested: "A person is asked about a call of the agent",
  escalation: "A question was handed on: it is about a call of the agent",
  sla_breached: "An answer is overdue: it is about a call of the agent",
  approval_decided: "A person has answered about a call of the agent",
  approval_expired: "Nobody answered in time about a call of the agent",
} as const satisfies Record<ReviewEvent, string>;

function eventOf({ origin }: Review, news: ReviewNews): ReviewEvent {
  switch (news) {
    case "requested":
      return origin.kind === "escalation" ? "escalation" : "approval_requested";
    case "overdue":
      return "sla_breached";
    case "decided":
      return "approval_decided";
    case "expired":
      return "approval_expired";
  }
}
