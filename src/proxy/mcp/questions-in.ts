/** What a server asks of its client by way of an answer, where the protocol has it so. */
import { isJsonArray, isJsonObject, type JsonObject } from "../../core/json.ts";
import type { RpcResponse } from "./rpc-message.ts";

export interface AnsweredQuestion {
  readonly method: string;
  readonly params: JsonObject | undefined;
}

/** "URL elicitation required" (2025-11-25): the user must go there before the call can be made. */
const RPC_URL_ELICITATION_REQUIRED = -32_042;

const NONE: readonly AnsweredQuestion[] = [];
const NO_REQUEST: JsonObject = {};

/** A result that wants input (2026-07-28), or an error that wants its client's user elsewhere. */
export function questionsIn({ result, error }: RpcResponse): readonly AnsweredQuestion[] {
  if (error !== undefined) return requiredIn(error);
  const requests = result?.["inputRequests"];
  if (result?.["resultType"] !== "input_required" || !isJsonObject(requests)) return NONE;
  return Object.values(requests).map((request) => {
    const { method, params } = isJsonObject(request) ? request : NO_REQUEST;
    const name = typeof method === "string" ? method : "";
    return { method: name, params: isJsonObject(params) ? params : undefined };
  });
}

function requiredIn({ code, data }: JsonObject): readonly AnsweredQuestion[] {
  if (code !== RPC_URL_ELICITATION_REQUIRED) return NONE;
  const wanted = isJsonObject(data) ? data["elicitations"] : undefined;
  if (!isJsonArray(wanted)) return NONE;
  return wanted
    .filter(isJsonObject)
    .map((params) => ({ method: "elicitation/create", params: { mode: "url", ...params } }));
}
