import type { JsonObject } from "../../core/json.ts";
import { REFUSALS, type Refusal } from "../../core/refusal.ts";
import type { ExchangeId } from "../../core/units.ts";
import { refusalMessage } from "../refusals/refusal-message.ts";
import { waitSeconds } from "../refusals/retry-seconds.ts";
import type { RequestQuestion } from "./question.ts";
import type { RpcId } from "./rpc-message.ts";

/** Machine-readable part of a denied tool call, under the `_meta` of its result. */
export const DENIAL_META_KEY = "io.sallyport/denial";

/**
 * A no as a JSON-RPC answer. A tool call gets a result with `isError`, the only shape that every
 * client tried hands to its model as text; 2026 clients reject a result without `resultType`.
 */
export function denialAnswer(
  question: RequestQuestion,
  refusal: Refusal,
  exchange: ExchangeId,
): JsonObject {
  const { id, method, era, asTask } = question;
  if (method !== "tools/call" || asTask === true) {
    return errorAnswer(id, REFUSALS[refusal.code].jsonRpc, refusal, denialData(refusal, exchange));
  }
  const told = withRemedy(refusal);
  const result = {
    ...(era === "2026" && { resultType: "complete" }),
    content: [{ type: "text", text: refusalMessage(told) }],
    isError: true,
    _meta: { [DENIAL_META_KEY]: denialData(told, exchange) },
  };
  return { jsonrpc: "2.0", id, result };
}

/** Lists show what could be allowed, so a model that is told no can look there. */
function withRemedy(refusal: Refusal): Refusal {
  if (refusal.remedy !== undefined || refusal.code !== "policy_denied") return refusal;
  return { ...refusal, remedy: "tools/list names the tools that may be used." };
}

/** MCP wants the id left out, not null, where it is not known. */
export function errorAnswer(
  id: RpcId | undefined,
  code: number,
  refusal: Refusal,
  data: JsonObject,
): JsonObject {
  const error = { code, message: refusalMessage(refusal), data };
  return id === undefined ? { jsonrpc: "2.0", error } : { jsonrpc: "2.0", id, error };
}

export function denialData(refusal: Refusal, exchange: ExchangeId): JsonObject {
  const { code, detail, remedy, rules, review, budget, retryIn } = refusal;
  return {
    code,
    detail,
    ...(remedy !== undefined && { remedy }),
    ...(rules !== undefined && rules.length > 0 && { rules }),
    ...(review !== undefined && { review }),
    ...(budget !== undefined && { budget }),
    ...(retryIn !== undefined && { retry_after_s: waitSeconds(refusal) }),
    request_id: exchange,
  };
}
