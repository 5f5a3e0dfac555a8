/** Reviews as approval requests. */
import { isJsonObject } from "../../core/json.ts";
import type { Review } from "../../core/review/review.ts";
import { impossible } from "../../lib/impossible.ts";
import { secondsOf } from "./fields.ts";

export function statusOf({ status }: Review): "pending" | "approved" | "denied" | "expired" {
  switch (status) {
    case "pending":
    case "acknowledged":
    case "deferred":
    case "escalated":
      return "pending";
    case "approved":
    case "used":
      return "approved";
    case "denied":
      return "denied";
    case "expired":
      return "expired";
    default:
      return impossible(status);
  }
}

/** `review`: as it stands; `request`: the name under which it was asked for. */
export function approvalJson(review: Review, request: string) {
  const word = review.words.findLast(({ kind }) => kind === "approve" || kind === "deny");
  return {
    ...askedJson(review),
    request_id: request,
    status: statusOf(review),
    decided_by: word === undefined ? null : (word.named ?? word.by),
    decision_note: word?.note ?? null,
    expires_at: secondsOf(review.expiresAt),
  };
}

export function pendingJson(review: Review) {
  return { ...askedJson(review), created_at: secondsOf(review.createdAt) };
}

function askedJson({ id, principal, action, origin, rules }: Review) {
  const said = (origin.kind === "request" ? origin.said : undefined) ?? {};
  const { details } = said;
  const args = action.kind === "tool" ? action.args : {};
  const amount = isJsonObject(args) ? args["amount"] : undefined;
  return {
    request_id: id,
    agent_id: principal.agent,
    tool: action.kind === "tool" ? action.tool : "",
    action: said["action"] ?? action.kind,
    amount: typeof amount === "number" ? amount : 0,
    reason: origin.kind === "request" ? origin.reason : `Required by ${rules.join(", ")}.`,
    ...(details !== undefined && { details }),
  };
}
