import type { McpAction, ToolAction } from "../../../core/action.ts";
import type { Refusal } from "../../../core/refusal.ts";
import type { Upstream } from "../../../core/upstream.ts";
import type { Fault } from "../question.ts";
import type { UnderstoodQuestion } from "../read-question.ts";
import { RPC_METHOD_NOT_FOUND } from "../rpc-message.ts";
import { isTaskOnly } from "./offer-tasks.ts";
import { RPC_MISSING_CAPABILITY, takesTask, TASKS_REQUIRED } from "./task-wish.ts";

/** The call of a tool that nobody may wait for, by a client that takes no task; else undefined. */
export function untaskedCall(
  { question, message }: UnderstoodQuestion,
  action: ToolAction | McpAction,
  upstream: Upstream,
): { readonly fault: Fault; readonly refusal: Refusal } | undefined {
  if (question.kind !== "request" || message.kind !== "request") return undefined;
  if (action.kind !== "tool" || !isTaskOnly(upstream, action.tool)) return undefined;
  if (takesTask(question, message.params)) return undefined;
  const isOld = question.era === "2025";
  const refusal: Refusal = {
    code: "malformed",
    detail: `The tool ${action.tool} is called as a task only, because it may take long.`,
    remedy: isOld
      ? "Call it with params.task."
      : "Declare the extension io.modelcontextprotocol/tasks.",
  };
  const fault = isOld
    ? { status: 200, rpcCode: RPC_METHOD_NOT_FOUND, data: undefined }
    : { status: 400, rpcCode: RPC_MISSING_CAPABILITY, data: TASKS_REQUIRED };
  return { fault, refusal };
}
