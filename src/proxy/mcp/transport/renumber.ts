/** Ids and progress tokens of our own on the way out, the client's on the way back. */
import type { JsonObject, JsonValue } from "../../../core/json.ts";
import { setMemberAt, setMembers } from "../../set-members.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import type { RpcId, RpcNotification, RpcRequest, RpcResponse } from "../rpc-message.ts";
import { progressTokenOf, SUBSCRIPTION_KEY, subscriptionOf } from "./message-meta.ts";

const TOKEN = ["params", "_meta", "progressToken"];

/** The request with `number` in place of its id, and of its progress token if it has one. */
export function numbered({ text }: SentMessage, request: RpcRequest, number: number): string {
  const renamed = setMembers(text, request.json, [{ key: "id", value: number }]);
  if (progressTokenOf(request.params) === undefined) return renamed;
  return setMemberAt(renamed, { ...request.json, id: number }, TOKEN, `${number}`);
}

/** The answer under the id its client knows. */
export function addressed({ json, result }: RpcResponse, text: string, id: RpcId): string {
  const mine = setMembers(text, json, [{ key: "id", value: id }]);
  if (subscriptionOf(result) === undefined) return mine;
  const renamed: JsonObject = { ...json, id };
  return setMemberAt(mine, renamed, ["result", "_meta", SUBSCRIPTION_KEY], JSON.stringify(id));
}

/** The number of the request that a notification is about. */
export function numberIn({ method, params }: RpcNotification): JsonValue | undefined {
  const subscription = subscriptionOf(params);
  if (subscription !== undefined) return subscription;
  return method === "notifications/progress" ? params?.["progressToken"] : undefined;
}

/** The notification as the client of that request knows it. */
export function readdressed(
  { params, json }: RpcNotification,
  text: string,
  id: RpcId,
  token: JsonValue | undefined,
): string {
  const subscribed = subscriptionOf(params) !== undefined;
  const path = subscribed ? ["params", "_meta", SUBSCRIPTION_KEY] : ["params", "progressToken"];
  return setMemberAt(text, json, path, JSON.stringify(subscribed ? id : (token ?? id)));
}
