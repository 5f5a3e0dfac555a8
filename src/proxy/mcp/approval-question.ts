/**
 * A call that waits for a person, in the era without sessions: instead of a no, the client is asked
 * to ask its user, who says when it was approved; the same call then comes back by itself. The
 * user's word approves nothing. Nothing of this reaches the server.
 */
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { ReviewId } from "../../core/units.ts";
import { memberText, omitMembers, spliceMembers } from "../set-members.ts";
import { CLIENT_CAPABILITIES_META_KEY } from "./client-capabilities.ts";
import type { RequestQuestion } from "./question.ts";
import type { RpcRequest } from "./rpc-message.ts";
import { metaOf } from "./transport/message-meta.ts";

const STATE_PREFIX = "sallyport-review:";
const INPUT = "sallyport_approval";

/** Of a tool call, by a client that can ask, whose user did not decline to wait just now. */
export function mayAskToWait(question: RequestQuestion, { params }: RpcRequest): boolean {
  if (question.era !== "2026" || question.method !== "tools/call") return false;
  const state = params?.["requestState"];
  // A server's own state must come back to it: there is one place for it, and it is taken.
  if (state !== undefined && !isApprovalState(state)) return false;
  const responses = params?.["inputResponses"];
  const said = isJsonObject(responses) ? responses[INPUT] : undefined;
  if (isJsonObject(said) && said["action"] !== "accept") return false;
  const capabilities = metaOf(params)?.[CLIENT_CAPABILITIES_META_KEY];
  const elicitation = isJsonObject(capabilities) ? capabilities["elicitation"] : undefined;
  if (!isJsonObject(elicitation)) return false;
  return elicitation["form"] !== undefined || Object.keys(elicitation).length === 0;
}

export function approvalQuestion(
  { id }: RequestQuestion,
  { detail }: Refusal,
  review: ReviewId,
): JsonObject {
  const params = {
    mode: "form",
    message: `${detail} Continue once it is approved; this answer approves nothing itself.`,
    requestedSchema: { type: "object", properties: {} },
  };
  const inputRequests = { [INPUT]: { method: "elicitation/create", params } };
  const requestState = STATE_PREFIX + review;
  const result = { resultType: "input_required", inputRequests, requestState };
  return { jsonrpc: "2.0", id, result };
}

/** The message as it was before anybody was asked; the same text where nobody was. */
export function withoutApproval(text: string, json: JsonObject): string {
  const { params } = json;
  if (!isJsonObject(params) || !isApprovalState(params["requestState"])) return text;
  const paramsText = memberText(text, "params") ?? "{}";
  const kept = omitMembers(paramsText, params, ["requestState", "inputResponses"]);
  return spliceMembers(text, json, [["params", kept]]);
}

export function isApprovalState(state: unknown): boolean {
  return typeof state === "string" && state.startsWith(STATE_PREFIX);
}
