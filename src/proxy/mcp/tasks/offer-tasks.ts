/** What a server says of itself and its tools, with the tasks that Sallyport keeps for it. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { matchesAnyName } from "../../../core/policy/glob.ts";
import type { Upstream } from "../../../core/upstream.ts";
import type { Era } from "../methods.ts";
import { TASKS_EXTENSION } from "./task-wish.ts";

const OFFERED: JsonObject = { list: {}, cancel: {}, requests: { tools: { call: {} } } };

/** An introduction; the same where the server offers as much itself. */
export function withTasks(introduction: JsonObject, era: Era): JsonObject {
  const { capabilities } = introduction;
  if (!isJsonObject(capabilities)) return introduction;
  if (era === "2025") {
    const { tasks } = capabilities;
    if (isJsonObject(tasks) && isJsonObject(tasks["requests"])) return introduction;
    return { ...introduction, capabilities: { ...capabilities, tasks: OFFERED } };
  }
  const { extensions } = capabilities;
  const own = isJsonObject(extensions) ? extensions : {};
  if (own[TASKS_EXTENSION] !== undefined) return introduction;
  const offered = { ...own, [TASKS_EXTENSION]: {} };
  return { ...introduction, capabilities: { ...capabilities, extensions: offered } };
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
