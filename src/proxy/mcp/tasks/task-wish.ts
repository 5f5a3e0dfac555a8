/** Whether a client can have a task in place of an answer, and what of its call is stored. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { TaskCall } from "../../../core/task/task.ts";
import type { RequestHead } from "../../wire.ts";
import { memberText, omitMembers, spliceMembers } from "../../set-members.ts";
import { CLIENT_CAPABILITIES_META_KEY } from "../client-capabilities.ts";
import type { RequestQuestion } from "../question.ts";
import { PARAM_HEADER_PREFIX } from "../param-headers.ts";
import { metaOf } from "../transport/message-meta.ts";

/** @see https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** In the 2025 era a call says so, in the 2026 era its client does. */
export function takesTask(
  { method, era, asTask }: RequestQuestion,
  params: JsonObject | undefined,
): boolean {
  if (method !== "tools/call") return false;
  if (era === "2025") return asTask === true;
  // A round of questions has begun with the server; it is not broken off.
  if (params?.["requestState"] !== undefined) return false;
  const capabilities = metaOf(params)?.[CLIENT_CAPABILITIES_META_KEY];
  const extensions = isJsonObject(capabilities) ? capabilities["extensions"] : undefined;
  return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
}

/** What the tool says of itself: `required`, `optional` or neither. */
export function taskSupportOf(definition: JsonValue | undefined): JsonValue | undefined {
  const execution = isJsonObject(definition) ? definition["execution"] : undefined;
  return isJsonObject(execution) ? execution["taskSupport"] : undefined;
}

/** Without what only the moment of the call knows: tokens, state, what its client can do. */
export function storedCall(text: string, headers: RequestHead["headers"]): TaskCall {
  const params = memberText(text, "params") ?? "{}";
  const name = memberText(params, "name") ?? `""`;
  const args = memberText(params, "arguments") ?? "{}";
  const mirrored = Object.entries(headers).flatMap(([header, value]) =>
    header.startsWith(PARAM_HEADER_PREFIX) && typeof value === "string" ? [header, value] : [],
  );
  return { params: `{"name":${name},"arguments":${args}}`, headers: mirrored };
}

/** The call as a server without tasks takes it; the same text where it asks for none. */
export function withoutTask(text: string, json: JsonObject): string {
  const { params } = json;
  if (!isJsonObject(params) || params["task"] === undefined) return text;
  const kept = omitMembers(memberText(text, "params") ?? "{}", params, ["task"]);
  return spliceMembers(text, json, [["params", kept]]);
}
