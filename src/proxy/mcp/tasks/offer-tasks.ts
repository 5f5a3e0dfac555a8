/** What a server says of itself and its tools, with the tasks that Sallyport keeps for it. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { matchesAnyName } from "../../../core/policy/glob.ts";
import type { Upstream } from "../../../core/upstream.ts";
import type { Era } from "../methods.ts";
import { TASKS_EXTENSION } from "./task-wish.ts";

const OFFERED: JsonObject = { list: {}, cancel: {}, requests: { tools: { call: {} } } };

/** The first revision of the 2025 era that knows them. */
const TASKS_SINCE = "2025-11-25";

/** An introduction; the same where the server offers as much itself, or its revision has no tasks. */
export function withTasks(introduction: JsonObject, era: Era): JsonObject {
  const { capabilities, protocolVersion } = introduction;
  if (!isJsonObject(capabilities)) return introduction;
  if (typeof protocolVersion === "string" && protocolVersion < TASKS_SINCE) return introduction;
  const offered = withTaskCapability(capabilities, era);
  return offered === capabilities ? introduction : { ...introduction, capabilities: offered };
}

/** Capabilities of a server; the same where they say as much. */
export function withTaskCapability(capabilities: JsonObject, era: Era): JsonObject {
  if (era === "2025") {
    const { tasks } = capabilities;
    if (isJsonObject(tasks) && isJsonObject(tasks["requests"])) return capabilities;
    return { ...capabilities, tasks: OFFERED };
  }
  const { extensions } = capabilities;
  const own = isJsonObject(extensions) ? extensions : {};
  if (own[TASKS_EXTENSION] !== undefined) return capabilities;
  return { ...capabilities, extensions: { ...own, [TASKS_EXTENSION]: {} } };
}

/** A tool that may need an approval, or time, as the 2025 era lists it. */
export function taskableTool(tool: JsonValue, support: "optional" | "required"): JsonValue {
  if (!isJsonObject(tool)) return tool;
  const execution = isJsonObject(tool["execution"]) ? tool["execution"] : {};
  const { taskSupport } = execution;
  if (taskSupport === "required" || taskSupport === support) return tool;
  return { ...tool, execution: { ...execution, taskSupport: support } };
}

export function isTaskOnly({ tasks }: Upstream, tool: string): boolean {
  return tasks !== undefined && matchesAnyName(tasks.required, tool);
}
