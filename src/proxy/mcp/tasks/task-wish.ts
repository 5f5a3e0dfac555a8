/** Whether a client can have a task in place of an answer. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { memberText, omitMembers, spliceMembers } from "../../set-members.ts";
import { CLIENT_CAPABILITIES_META_KEY } from "../client-capabilities.ts";
import type { RequestQuestion } from "../question.ts";
import { metaOf } from "../transport/message-meta.ts";

/** @see https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** A client must say that it takes tasks, and did not (2026 era). */
export const RPC_MISSING_CAPABILITY = -32021;
export const TASKS_REQUIRED: JsonObject = {
  requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
};

/** In the 2025 era a call says so, in the 2026 era its client does. */
export function takesTask(
  { method, era, asTask }: RequestQuestion,
  params: JsonObject | undefined,
): boolean {
  if (method !== "tools/call") return false;
  return era === "2025" ? asTask === true : declaresTasks(params);
}

/** As each request of the 2026 era says anew. */
export function declaresTasks(params: JsonObject | undefined): boolean {
  const capabilities = metaOf(params)?.[CLIENT_CAPABILITIES_META_KEY];
  const extensions = isJsonObject(capabilities) ? capabilities["extensions"] : undefined;
  return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
}

/** What the tool says of itself: `required`, `optional` or neither. */
export function taskSupportOf(definition: JsonValue | undefined): JsonValue | undefined {
  const execution = isJsonObject(definition) ? definition["execution"] : undefined;
  return isJsonObject(execution) ? execution["taskSupport"] : undefined;
}

/** The call as a server without tasks takes it; the same text where it asks for none. */
export function withoutTask(text: string, json: JsonObject): string {
  const { params } = json;
  if (!isJsonObject(params) || params["task"] === undefined) return text;
  const kept = omitMembers(memberText(text, "params") ?? "{}", params, ["task"]);
  return spliceMembers(text, json, [["params", kept]]);
}
